"""Uploads and downloads of a GiB, plain and by tus, beside bare Beast and nginx; and what memory
eight uploads at once take."""
import base64
import json
import os
import re
import shutil
import statistics
import subprocess
import time

import gatehouse
import processes
from programs import BUILT, PORT, STATE, background, end, run

ROUNDS = 5


def curl(*arguments):
    """Seconds that curl takes."""
    return float(run(['curl', '-sS', '-f', '-o', '/dev/null', '-w', '%{time_total}', '--max-time',
                      '600', *arguments]))


def flags_of(headers):
    return [flag for header in headers for flag in ('-H', header)]


def nginx(folder):
    config = f'{folder}/nginx.conf'
    with open(config, 'w', encoding='ascii') as file:
        file.write(f'''user root; worker_processes 1; daemon off; pid {folder}/nginx.pid;
error_log {folder}/error.log; events {{}} http {{ access_log off; client_max_body_size 0;
client_body_temp_path {folder}/temp; server {{ listen 127.0.0.1:{PORT + 6}; root {folder}/put;
location / {{ dav_methods PUT; }} }} }}''')
    os.makedirs(f'{folder}/put')
    return background(['/usr/sbin/nginx', '-c', config, '-p', folder], PORT + 6)


class Office:
    """A case that takes large documents, and where they are sent."""

    def __init__(self, name):
        bench = gatehouse.Gatehouse()
        staff = bench.organisation(name)
        quota = {'maxDocuments': '1000000', 'maxBytes': str(1 << 40)}
        gatehouse.call('PATCH', f'{bench.url}/v1/documentSettings', {
            'maxDocumentBytes': str(2 << 30), 'caseQuota': quota, 'organisationQuota': quota},
            staff)
        gatehouse.call('PUT', f'{bench.url}/v1/cases/uploads', {'displayName': 'Uploads'}, staff)
        self.url = bench.url
        self.documents = f'{bench.url}/v1/cases/uploads/documents'
        self.authorization = 'Authorization: ' + staff['Authorization']

    def plain(self, file):
        """The arguments of an upload."""
        return [*flags_of(['Content-Type: application/pdf', self.authorization, 'Expect:']), '-X',
                'POST', '-T', file, f'{self.documents}?filename=file.pdf']

    def tus(self, file):
        """Seconds of an upload in two calls, as tus makes it."""
        name = base64.b64encode(b'file.pdf').decode()
        begin = time.monotonic()
        answer = run(['curl', '-sS', '-f', '-i', '-X', 'POST', *flags_of([
            self.authorization, 'Tus-Resumable: 1.0.0', f'Upload-Metadata: filename {name}',
            f'Upload-Length: {os.path.getsize(file)}', 'Content-Length: 0']),
            f'{self.url}/v1/cases/uploads/uploads'])
        place = re.search(r'(?im)^location: (\S+)', answer).group(1)
        curl(*flags_of([self.authorization, 'Tus-Resumable: 1.0.0', 'Upload-Offset: 0', 'Expect:',
                        'Content-Type: application/offset+octet-stream']), '-X', 'PATCH', '-T',
             file, place if place.startswith('http') else self.url + place)
        return time.monotonic() - begin

    def keep(self, file):
        """The address of a document's bytes."""
        answer = run(['curl', '-sS', '-f', *self.plain(file)])
        return f"{self.documents}/{json.loads(answer)['documentId']}/content"


def forget():
    """Frees the disk of what was uploaded; rows without bytes are nothing that is measured. The
    store's marker stays."""
    for folder in os.scandir(f'{STATE}/blobs/blobs'):
        if folder.is_dir():
            shutil.rmtree(folder)


def measure(results, pids, quick):
    size = (128 if quick else 1024) << 20
    folder = f'{STATE}/uploads'
    os.makedirs(f'{folder}/beast')
    file = f'{folder}/file.pdf'
    with open(file, 'wb') as out:
        out.write(b'%PDF-1.4\n')
        out.truncate(size)
    beast = background([f'{BUILT}/bench_put', str(PORT + 5), f'{folder}/beast'], PORT + 5)
    web = nginx(folder)
    results['uploads'] = {}
    uploads(results, Office('uploads'), file, pids)
    downloads(results, Office('downloads'), file, f'{folder}/beast')
    results['memory while eight upload, MiB'] = eight(Office('eight').plain(file), pids)
    forget()
    for process in (beast, web):
        end(process)


def median_of(times):
    return {name: statistics.median(all_) for name, all_ in times.items()}


def note_speeds(results, size, median):
    results['uploads'] |= {f'{name}: MiB/s': round(size / (1 << 20) / t)
                           for name, t in median.items()}


def uploads(results, office, file, pids):
    size = os.path.getsize(file)
    times = {'gatehouse': [], 'tus': [], 'beast': [], 'nginx': []}
    used = []
    for _ in range(ROUNDS):
        watch = processes.Watch(pids)
        times['gatehouse'].append(curl(*office.plain(file)))
        used.append(watch.micros(1))
        times['tus'].append(office.tus(file))
        times['beast'].append(curl('-T', file, f'http://127.0.0.1:{PORT + 5}/file'))
        times['nginx'].append(curl('-T', file, f'http://127.0.0.1:{PORT + 6}/file'))
        forget()
    median = median_of(times)
    note_speeds(results, size, median)
    results['uploads']['gatehouse: CPU ms/GiB'] = {
        name: round(statistics.median(one[name] for one in used) / 1000 * (1 << 30) / size)
        for name in used[0]}
    results['ratios']['upload 1 GiB / Beast to disk'] = median['beast'] / median['gatehouse']
    results['ratios']['tus / plain upload'] = median['gatehouse'] / median['tus']


def downloads(results, office, file, folder):
    size = os.path.getsize(file)
    content = office.keep(file)
    shutil.copyfile(file, f'{folder}/kept')
    times = {'gatehouse, down': [], 'beast, down': []}
    for _ in range(ROUNDS):
        times['gatehouse, down'].append(curl('-H', office.authorization, content))
        times['beast, down'].append(curl(f'http://127.0.0.1:{PORT + 5}/kept'))
    median = median_of(times)
    note_speeds(results, size, median)
    results['ratios']['download 1 GiB / Beast from disk'] = (
        median['beast, down'] / median['gatehouse, down'])
    forget()


def eight(arguments, pids):
    curls = [subprocess.Popen(['curl', '-sS', '-o', '/dev/null', *arguments],
                              stdout=subprocess.DEVNULL) for _ in range(8)]
    peak = {'gateway': 0.0, 'documents': 0.0}
    while any(one.poll() is None for one in curls):
        for name in peak:
            peak[name] = max(peak[name], processes.resident_mib(pids[name]))
        time.sleep(0.05)
    return {name: round(mib, 1) for name, mib in peak.items()}
