"""A case's documents, where the database has 10,000 documents and where it has 1,000,000: the list,
a search that finds them and one that finds nothing, and the bytes of one. A case has a hundred."""
import casework
import gatehouse
import lists
import load
import streams

OF_A_CASE = 100
ROWS = {
    'documents.document': lists.ROWS['documents.document'] | {
        'case_id': f"'case-' || n / {OF_A_CASE}", 'filename': "'Payslip ' || n || '.pdf'",
        'search_text': "'payslip ' || n || '.pdf'"},
    'documents.document_request': lists.ROWS['documents.document_request'] | {
        'case_id': f"'case-' || n / {OF_A_CASE}"},
}


def measure(results, tools, counts):
    bench = gatehouse.Gatehouse()
    staff = bench.organisation('papers')
    client = lists.enter(bench, staff, 94000000)
    documents = f'/v1/cases/{lists.CASE}/documents'
    theirs = f'/v1/portal/cases/{lists.CASE}/documents'
    request, _ = gatehouse.call('POST', f'{bench.url}/v1/cases/{lists.CASE}/documentRequests',
                                {'title': 'Payslip', 'contactId': 'c0'}, staff)
    answer = f"{theirs}?filename=a.pdf&documentRequestId={request['documentRequestId']}"
    own = streams.upload(bench.url, client, answer, b'%PDF-1.4\n' + bytes(20_000))
    asked = {
        'document list': lists.pages(bench, documents, staff),
        'document search': [load.request('GET', f'{documents}?query=payslip%207', staff)],
        'document search in vain': [load.request('GET', f'{documents}?query=zebra', staff)],
        'opening a document': [load.request('GET', f'{documents}/{own}/content', staff)],
        "client's document list": lists.pages(bench, theirs, client),
        "client's document search": [load.request('GET', f'{theirs}?query=a.pdf', client)],
        "client's opening": [load.request('GET', f'{theirs}/{own}/content', client)],
    }
    casework.in_large_and_small(results, tools, bench, counts, ROWS, lambda count: asked, 'papers')
