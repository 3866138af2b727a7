"""Sealing a PDF of ten pages, from the last signature to the sealed document: one alone, and how
many a minute there are where many wait. The clients' signatures are written into the database,
since their codes are not what is measured; staff sign last."""
import time

import gatehouse
import processes
import streams
from programs import owners_url, run

PAGES = 10
PATIENCE_SECONDS = 300


def pdf():
    """Ten pages with text on them."""
    kids = ' '.join(f'{4 + 2 * n} 0 R' for n in range(PAGES))
    objects = ['<< /Type /Catalog /Pages 2 0 R >>',
               f'<< /Type /Pages /Count {PAGES} /Kids [{kids}] >>',
               '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>']
    for number in range(PAGES):
        text = ' T* '.join(f'(Page {number}, line {line}: what is agreed.) Tj'
                           for line in range(50))
        stream = f'BT /F1 10 Tf 12 TL 50 780 Td {text} ET'
        objects.append(f'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents '
                       f'{5 + 2 * number} 0 R /Resources << /Font << /F1 3 0 R >> >> >>')
        objects.append(f'<< /Length {len(stream)} >> stream\n{stream}\nendstream')
    out, places = '%PDF-1.4\n', []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f'{number} 0 obj {text} endobj\n'
    table = ''.join(f'{place:010d} 00000 n \n' for place in places)
    size = len(objects) + 1
    return (f'{out}xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} '
            f'/Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n').encode('ascii')


class Signing:
    """A case whose documents are signed."""

    def __init__(self):
        self.bench = gatehouse.Gatehouse()
        self.staff = self.bench.organisation('sealing')
        self.organisation = f'bench-{self.bench.run}-sealing'
        self.bench.invite(self.staff, 'sealing', 95000000)
        self.document = streams.upload(self.bench.url, self.staff,
                                       '/v1/cases/sealing/documents?filename=deal.pdf', pdf())
        self.path = f'{self.bench.url}/v1/cases/sealing/signatureRequests'

    def sent(self):
        """A request that all clients have signed, and staff have not."""
        answer, _ = gatehouse.call('POST', self.path, {
            'documentId': self.document, 'contactIds': ['c0'], 'method': 'ELECTRONIC',
            'countersign': True}, self.staff)
        return answer['signatureRequestId']

    def clients_signed(self):
        self.sql("UPDATE documents.signer SET state = 4, ask_time = now(), see_time = now(), "
                 "consent_time = now(), sign_time = now(), typed_name = 'Ada Lovelace' WHERE "
                 f"organisation_id = '{self.organisation}'; "
                 'UPDATE documents.signature_request SET state = 2 WHERE state = 1 AND '
                 f"organisation_id = '{self.organisation}'")

    def sql(self, text):
        return run(['psql', '-q', '-A', '-t', owners_url(), '-c',
                    f"SET gatehouse.organisation_id = '*'; {text}"]).strip()

    def sign(self, request):
        gatehouse.call('POST', f'{self.path}/{request}:countersign', {'typedName': 'Sam Staff'},
                       self.staff)

    def sealed(self, requests):
        """The seconds at which each was sealed, by the database's clock; all of them are waited
        for."""
        ids = ', '.join(f"'{request}'" for request in requests)
        for _ in range(PATIENCE_SECONDS * 5):
            done = self.sql(
                'SELECT count(*) FILTER (WHERE sealed_document_id <> \'\'), '
                "string_agg(seal_refusal, '') FROM documents.signature_request WHERE "
                f'signature_request_id IN ({ids})').split('|')
            if done[1]:
                raise RuntimeError(f'it was not sealed: {done[1]}')
            if int(done[0]) == len(requests):
                break
            time.sleep(0.2)
        else:
            raise RuntimeError('not all were sealed')
        rows = self.sql(
            'SELECT extract(epoch FROM d.create_time - r.end_time), extract(epoch FROM '
            'd.create_time) FROM documents.signature_request AS r JOIN documents.document AS d ON '
            'd.organisation_id = r.organisation_id AND d.document_id = r.sealed_document_id WHERE '
            f'r.signature_request_id IN ({ids}) ORDER BY d.create_time').splitlines()
        return [tuple(float(value) for value in row.split('|')) for row in rows]


def measure(results, pids, quick):
    singles, many = (10, 20) if quick else (100, 90)
    signing = Signing()
    requests = [signing.sent() for _ in range(singles + many)]
    signing.clients_signed()
    alone = []
    for request in requests[:singles]:
        signing.sign(request)
        alone += [took for took, _ in signing.sealed([request])]
    alone.sort()
    watch = processes.Watch(pids)
    begin = time.time()
    gatehouse.parallel(signing.sign, requests[singles:], 2)
    last = signing.sealed(requests[singles:])[-1][1]
    results['sealing'] = {
        'pages': PAGES, 'alone': singles,
        'median ms': round(alone[len(alone) // 2] * 1000),
        'p99 ms': round(alone[min(len(alone) - 1, len(alone) * 99 // 100)] * 1000),
        'a minute, where many wait': round(many / (last - begin) * 60),
        'CPU ms each': {name: round(us / 1000) for name, us in watch.micros(many).items()
                        if us >= 1000}}
