"""What staff and clients ask of a case, where the database has 10,000 cases and where it has
1,000,000: what one costs must not follow how many there are. And what it costs to save one answer,
while 64 clients type."""
import datetime
import json
import random
import statistics

import gatehouse
import lists
import load
import processes
from programs import STATE, owners_url, run

LOOKS = 3  # At each page; the median counts.
CONNECTIONS = 8
CLIENTS = 64
FIELDS = 200
OF_A_PAGE = 50
DEAL = {
    'displayName': 'Deal', 'kinds': ['deal'], 'states': [
        {'stateId': 'study', 'displayName': 'Study', 'moves': [{'toStateId': 'offer'}]},
        {'stateId': 'offer', 'displayName': 'Offer', 'view': 'OFFER',
         'moves': [{'toStateId': 'done'}]},
        {'stateId': 'done', 'displayName': 'Done', 'view': 'SUCCESS'}]}
FLOW = {'type': 'loan', 'displayName': 'Loan', 'sections': [{'sectionId': 'work'}]}

# Beside the cases themselves, what lies in each of them.
ROWS = {
    'cases.case_file': lists.ROWS['cases.case_file'] | {'display_name': "'Solar of house ' || n"},
    'cases.contact': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'contact_id': "'c' || n",
        'position': '0', 'type': '1', 'given_name': "'Given' || n % 1000",
        'family_name': "'Family' || n", 'email': "'client' || n || '@example.com'",
        'mobile': "'+4475' || lpad(n::text, 8, '0')", 'e164': "'+4475' || lpad(n::text, 8, '0')",
        'role': "'APPLICANT'"},
    'cases.case_word': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'word': "'family' || n"},
    'cases.case_place': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'pipeline_id': "'deal'",
        'pipeline_version': '1', 'state_id': "'study'"},
    'cases.offer': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'offer_id': "'off_' || n",
        'contact_id': "''", 'content': "'{}'", 'content_sha256': "''",
        'valid_until_time': "'infinity'", 'closes_others': 'false'},
    'cases.visit': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n", 'visit_id': "'vis_' || n",
        'contact_id': "''", 'state': '1', 'plan': "''", 'agreed': "''"},
    'cases.fact_find': {
        'organisation_id': ':organisation', 'case_id': "'case-' || n",
        'fact_find_id': "'fct_' || n", 'contact_id': "'c' || n", 'flow_id': "'loan'",
        'flow_version': '1'},
}


def prepare(bench, staff):
    """A case with something of everything, and what the others stand on."""
    def call(method, path, body):
        return gatehouse.call(method, f'{bench.url}/v1/{path}', body, staff)[0]
    call('PUT', 'pipelines/deal', DEAL)
    ask(bench, staff)
    client = lists.enter(bench, staff, 92000000)
    case = f'cases/{lists.CASE}'
    call('POST', f'{case}/factFinds', {'contactId': 'c0', 'flowId': 'loan'})
    call('POST', f'{case}/offers', {'contactId': 'c0', 'content': {
        'title': 'Panels', 'currency': 'GBP', 'total': '100',
        'lines': [{'description': 'Panels', 'amount': '100'}]}})
    day = (datetime.date.today() + datetime.timedelta(7)).isoformat()
    call('POST', f'{case}/visits', {'contactId': 'c0', 'plan': {'title': 'Study', 'times': [
        {'localTime': f'{day}T09:00', 'timeZone': 'Europe/London', 'durationMinutes': 60}]}})
    return client


def ask(bench, staff):
    """A flow of one section."""
    pages = [{'subsectionId': f'page-{page}', 'displayName': f'Page {page}', 'fields': [
        {'fieldId': f'f{n}', 'displayName': f'Field {n}', 'type': 'TEXT'}
        for n in range(page * OF_A_PAGE, (page + 1) * OF_A_PAGE)]}
             for page in range(FIELDS // OF_A_PAGE)]
    gatehouse.call('PUT', f'{bench.url}/v1/factFindSections/work', {
        'displayName': 'Work', 'subsections': pages}, staff)
    gatehouse.call('PUT', f'{bench.url}/v1/flows/loan', FLOW, staff)


def asked_of(bench, staff, client, count):
    """The requests of each kind, where there are so many cases."""
    some = random.Random(count).sample(range(8, count), 200)

    def of_cases(path):
        return [load.request('GET', path.format(n), staff) for n in some]
    case = f'/v1/portal/cases/{lists.CASE}'
    return {
        'case list': lists.pages(bench, '/v1/cases', staff),
        'case search': of_cases('/v1/cases:search?query=Family{}'),
        'case page': of_cases('/v1/cases/case-{}'),
        "case's status": of_cases('/v1/cases/case-{}/status'),
        "client's home": [load.request('GET', '/v1/portal/home', client)],
        "client's case": [load.request('GET', case, client)],
        "client's task list": [load.request('GET', f'{case}/tasks', client)],
        'task list': [load.request('GET', f'/v1/cases/{lists.CASE}/tasks', staff)],
    }


def measure(results, tools, counts):
    bench = gatehouse.Gatehouse()
    staff = bench.organisation('casework')
    client = prepare(bench, staff)
    answers(results, tools, bench)
    in_large_and_small(results, tools, bench, counts, ROWS,
                       lambda count: asked_of(bench, staff, client, count), 'casework')


def in_large_and_small(results, tools, bench, counts, rows, asked, part):
    """The tails of each kind of request, where there are few rows and where there are many."""
    written, tails = 0, {}
    for count in counts:
        lists.fill(run, owners_url(), f'bench-{bench.run}-{part}', written + 1, count, rows)
        written = count
        for name, requests in asked(count).items():
            tools.drive(requests, CONNECTIONS, bench.url, 1)  # Connections that are warm.
            looks = [tools.drive(requests, CONNECTIONS, bench.url, tools.seconds)
                     for _ in range(LOOKS)]
            middle = sorted(looks, key=lambda look: look['p99_us'])[LOOKS // 2]
            results['runs'][f'{name}, {count} ({CONNECTIONS})'] = middle
            tails.setdefault(name, []).append(middle['p99_us'])
    for name, all_ in tails.items():
        if len(all_) > 1:
            results['ratios'][f'{name}: p99 at {counts[-1]} / {counts[0]}'] = all_[-1] / all_[0]


def typing(bench):
    """The clients' requests: each client in turn answers its next field, and in a second round
    changes what it has answered, so that no answer meets one of its own that is under way."""
    clients = bench.clients(CLIENTS, 4, 'typing', 93000000)
    for staff in {client['staff']['Authorization']: client['staff'] for client in clients}.values():
        ask(bench, staff)
    bench.codes(clients)
    for client in clients:
        client['head'] = {'Content-Type': 'application/json'} | bench.enter(client)
        # Of strangers' credentials the gateway asks about few at a time.
        gatehouse.call('GET', f'{bench.url}/v1/portal/home', headers=client['head'])
        find, _ = gatehouse.call(
            'POST', f"{bench.url}/v1/cases/{client['case']}/factFinds",
            {'contactId': client['contact'], 'flowId': 'loan'}, client['staff'])
        client['path'] = (f"/v1/portal/cases/{client['case']}/factFinds/{find['factFindId']}"
                          '/answers/work')
    return [load.request('PUT', f"{client['path']}/f{field}", client['head'], json.dumps(
        {'value': {'text': f'Answer {field} in round {turn}'}, 'etag': str(turn or '')}))
            for turn in (0, 1) for field in range(FIELDS) for client in clients]


def commit_floor(pids, seconds):
    """PostgreSQL's CPU for one durable row, in microseconds."""
    run(['psql', '-q', owners_url(), '-c', 'CREATE TABLE IF NOT EXISTS bench_answer (id bigserial '
         'PRIMARY KEY, text text)'])
    path = f'{STATE}/answer.sql'
    with open(path, 'w', encoding='ascii') as file:
        file.write("INSERT INTO bench_answer (text) VALUES ('Answer 1 in round 1');\n")
    watch = processes.Watch({'postgres': pids['postgres']})
    out = run(['pgbench', '-n', '-M', 'prepared', '-c', '16', '-j', '1', '-T', str(seconds), '-f',
               path, owners_url()])
    done = next(line for line in out.splitlines() if 'actually processed' in line)
    return watch.micros(int(done.rpartition(':')[2].split('/')[0]))['postgres']


def answers(results, tools, bench):
    requests = typing(bench)
    half = len(requests) // 2
    floors, ratios, answered = [], [], 0
    # What is answered first, then what is changed: each beside its floor.
    for name, some in (('anew', requests[:half]), ('again', requests[half:])):
        floors.append(tools.floor(results, CLIENTS) + commit_floor(tools.pids, tools.seconds))
        done = tools.drive(some, CLIENTS, bench.url)
        floors.append(tools.floor(results, CLIENTS) + commit_floor(tools.pids, tools.seconds))
        results['runs'][f'saving an answer, {name} ({CLIENTS})'] = done
        answered += done['requests']
        used = sum(us for process, us in done['cpu_us'].items() if process != 'sink')
        ratios.append(used / statistics.mean(floors[-2:]))
    kept = int(run(['psql', '-q', '-A', '-t', owners_url(), '-c',
                    "SET gatehouse.organisation_id = '*'; "
                    'SELECT count(*) FROM cases.fact_answer_change']))
    if kept < answered:
        raise RuntimeError(f'{answered} answers were saved, and {kept} are there')
    results['answers'] = {'floor, CPU µs': round(statistics.mean(floors), 1),
                          'first and second, in floors': [round(ratio, 2) for ratio in ratios]}
    results['ratios']['saving an answer: CPU / floor'] = statistics.mean(ratios)
