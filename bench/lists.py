"""Every list, where an organisation has 10,000 rows of its kind and where it has 1,000,000, a
hundredth of them of the case that is asked for. What a page costs must not follow what there is."""
import urllib.parse

import gatehouse
import load

CASE = 'case-7'
OF_A_CASE = "'case-' || 1 + n % 100"
PAGES = 2  # Of each list: the first, and those that its token leads to.
COUNTS = (10_000, 1_000_000)

# What a row of each table is, with :organisation and n; a column that is not here has its default.
ROWS = {
    'cases.case_file': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'display_name': "'Case'",
        'kind': "'deal'", 'owner_id': "''", 'owner_name': "''", 'owner_email': "''",
        'owner_phone': "''", 'owner_e164': "''",
        'create_time': "now() - n * interval '1 second'"},
    'cases.note': {
        'organisation_id': ':organisation', 'case_id': OF_A_CASE,
        'note_id': "'note_' || lpad(n::text, 9, '0')", 'text': "'text'", 'author': "'author'"},
    'invitation.invitation': {
        'organisation_id': ':organisation', 'invitation_id': "'inv_' || lpad(n::text, 9, '0')",
        'case_id': OF_A_CASE, 'contact_id': "'c' || n", 'state': '3', 'delivery': '1',
        'visibility': '1', 'document_request_ids': "'{}'", 'contact_name': "''", 'email': "''",
        'mobile': "''", 'inviter_name': "''", 'expire_time': 'now()', 'create_time': 'now()'},
    'notification.message': {
        'organisation_id': ':organisation', 'message_id': "'msg_' || lpad(n::text, 9, '0')",
        'request_id': "'bench-' || n", 'channel': '1', 'template': "'t'", 'masked_recipient': "''",
        'case_id': OF_A_CASE, 'segments': '1', 'state': '3', 'expire_time': 'now()'},
    'notification.event': {
        'organisation_id': ':organisation', 'number': '1000 + n', 'event_id': "'evt_' || n",
        'request_id': "'bench-' || n", 'type': "'case.deleted'", 'case_id': "''", 'time': 'now()',
        'data': "'{}'"},
    'notification.credit_entry': {
        'organisation_id': ':organisation', 'entry_number': '1000 + n', 'kind': '1',
        'credits': '1', 'balance': 'n', 'reference': "'bench-' || n"},
    'documents.document_request': {
        'organisation_id': ':organisation',
        'document_request_id': "'drq_' || lpad(n::text, 9, '0')", 'case_id': OF_A_CASE,
        'title': "'t'", 'label': "''", 'contact_id': "''"},
    'documents.document': {
        'organisation_id': ':organisation', 'document_id': "'doc_' || lpad(n::text, 9, '0')",
        'case_id': OF_A_CASE, 'filename': "'f.pdf'",
        'content_type': "'application/pdf'", 'size_bytes': '1', 'sha256': "''", 'label': "''",
        'from_client': 'false', 'uploader_id': "'key_1'", 'uploader_name': "''", 'scan': '1'},
    'identity.audit_event': {
        'organisation_id': ':organisation', 'audit_event_id': "'aud_' || lpad(n::text, 9, '0')",
        'type': "'case.deleted'", 'actor_id': "''", 'actor_name': "''", 'subject_id': "''",
        'case_id': OF_A_CASE, 'client_address': "''", 'request_id': "''"},
    'identity.api_key': {
        'organisation_id': ':organisation', 'api_key_id': ":organisation || '_' || n",
        'display_name': "'key'", 'scopes': "'*'", 'secret_hash': "''"},
    'identity.session': {
        'organisation_id': ':organisation', 'session_id': "'ses_' || lpad(n::text, 9, '0')",
        'token_hash': "sha256(convert_to(:organisation || n, 'UTF8'))",
        'account_id': "'acc_' || n % 1000", 'invitation_id': "'inv_' || n", 'client_name': "''",
        'user_agent': "''", 'client_address': "''", 'idle_seconds': '3600',
        'expire_time': "now() + interval '1 day'"},
}
STAFF = {
    'cases': '/v1/cases',
    'notes of a case': f'/v1/cases/{CASE}/notes',
    'invitations of a case': f'/v1/cases/{CASE}/invitations',
    'messages': '/v1/messages',
    'messages of a case': f'/v1/messages?caseId={CASE}',
    'events': '/v1/events',
    'credits': '/v1/smsCredits/entries',
    'documents of a case': f'/v1/cases/{CASE}/documents',
    'requests of a case': f'/v1/cases/{CASE}/documentRequests',
    'audit': '/v1/auditEvents',
    'audit of a case': f'/v1/auditEvents?caseId={CASE}',
    'API keys': '/v1/apiKeys',
}
CLIENT = {
    "a client's cases": '/v1/portal/cases',
    "a client's documents": f'/v1/portal/cases/{CASE}/documents',
    "a client's requests": f'/v1/portal/cases/{CASE}/documentRequests',
    "a client's sessions": '/v1/portal/sessions',
}


def fill(run, url, organisation, first, last, rows=None):
    """The rows of these numbers, in every table."""
    for table, columns in (rows or ROWS).items():
        values = ', '.join(columns.values())
        # Its triggers are for what a service does, and take their time for each row.
        script = (f"SET gatehouse.organisation_id = '*';\n"
                  f'ALTER TABLE {table} DISABLE TRIGGER USER;\nINSERT INTO {table} '
                  f"({', '.join(columns)}) SELECT {values} FROM generate_series({first}, {last}) "
                  f'AS n ON CONFLICT DO NOTHING;\nALTER TABLE {table} ENABLE TRIGGER USER;\n'
                  f'ANALYZE {table};\n')
        run(['psql', '-q', '-v', 'ON_ERROR_STOP=1', url], input=script.replace(
            ':organisation', f"'{organisation}'"))


def enter(bench, staff, first_phone=91000000):
    """The cookie of a client who may see the case."""
    client = bench.invite(staff, CASE, first_phone)[0]
    client['address'] = '10.255.0.2'
    bench.codes([client])
    return bench.enter(client)


def pages(bench, path, headers):
    """Requests for the first pages of a list."""
    requests, token = [], ''
    for _ in range(PAGES):
        more = ('&' if '?' in path else '?') + urllib.parse.urlencode({'pageToken': token})
        requests.append(load.request('GET', path + (more if token else ''), headers))
        answer, _ = gatehouse.call('GET', bench.url + path + (more if token else ''),
                                   headers=headers)
        token = answer.get('nextPageToken', '')
        if not token:
            break
    return requests


def rows_read(run, url):
    """How many rows PostgreSQL has read, through tables and by indexes; a second late."""
    return int(run(['psql', '-q', '-A', '-t', url, '-c',
                    'SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) '
                    'FROM pg_stat_user_tables']))


def measure(results, measured, run, url, counts):
    """`measured` drives requests, `run` a program; `url` is of the role that owns the tables."""
    bench = gatehouse.Gatehouse()
    staff = bench.organisation('lists')
    organisation = f'bench-{bench.run}-lists'
    client = enter(bench, staff)
    written = 0
    results['rows read for a page'] = {}
    for count in counts:
        fill(run, url, organisation, written + 1, count)
        written = count
        for headers, lists in ((staff, STAFF), (client, CLIENT)):
            for name, path in lists.items():
                before = rows_read(run, url)
                done = measured(pages(bench, path, headers), bench.url)
                read = (rows_read(run, url) - before) / done['requests']
                results['runs'][f'{name}, {count} rows (16)'] = done
                results['rows read for a page'][f'{name}, {count}'] = round(read)
    for name in (*STAFF, *CLIENT):
        tails = [results['runs'][f'{name}, {count} rows (16)']['p99_us'] for count in counts]
        if len(tails) > 1:
            results['ratios'][f'{name}: p99 at {counts[-1]} / {counts[0]} rows'] = (
                tails[-1] / tails[0])


