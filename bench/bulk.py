"""A CRM's cases, put one by one over sixteen connections and a thousand at a time over four: both
once anew, and once more as they are, which is what a re-synchronisation does."""
import json

import gatehouse
import load

BATCH = 1000


def case_of(number):
    return {'displayName': f'Case {number}', 'kind': 'deal', 'contacts': [
        {'contactId': f'c{number}-{place}', 'givenName': 'Client', 'familyName': str(place),
         'email': f'client{number}@example.com', 'mobile': f'+4474{number:08d}',
         'role': 'APPLICANT'} for place in range(2)]}


def measure(results, quick):
    """Cases a second, each way; and what is asked: five times as many in bulk."""
    count = 4_000 if quick else 20_000
    bench = gatehouse.Gatehouse()
    head = {'Content-Type': 'application/json'}
    one_by_one = head | bench.organisation('single')
    in_bulk = head | bench.organisation('bulk')
    singles = [load.request('PUT', f'/v1/cases/case-{n}', one_by_one, json.dumps(case_of(n)))
               for n in range(count)]
    batches = [load.request('POST', '/v1/cases:batchPut', in_bulk, json.dumps({'cases': [
        case_of(n) | {'caseId': f'case-{n}'} for n in range(first, first + BATCH)]}))
               for first in range(0, count, BATCH)]
    results['bulk'] = {}
    for name in ('anew', 'as they are'):
        single = load.drive(bench.url, singles, 16)['rps']
        bulk = load.drive(bench.url, batches, 4)['rps'] * BATCH
        results['bulk'][name] = {'one by one, cases/s': single, 'in bulk, cases/s': bulk}
        results['ratios'][f'cases in bulk / one by one ({name})'] = bulk / single
