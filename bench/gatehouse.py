"""What a bench needs of a running Gatehouse: clients that are invited, challenged, and in."""
import concurrent.futures
import http.client
import json
import os
import re
import threading
import time
import urllib.parse

IDLE_SECONDS_MAX = 20
_local = threading.local()


def _connection(url):
    parts = urllib.parse.urlsplit(url)
    connections = _local.__dict__.setdefault('connections', {})
    if parts.netloc not in connections:
        connections[parts.netloc] = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection = connections[parts.netloc]
    # The gateway closes what has been idle for a minute; http.client then opens a new one.
    if time.monotonic() - getattr(connection, 'used', 0) > IDLE_SECONDS_MAX:
        connection.close()
    connection.used = time.monotonic()
    return connection


def call(method, url, body=None, headers=None):
    """The decoded answer, and its headers; anything but a success is an exception."""
    parts = urllib.parse.urlsplit(url)
    connection = _connection(url)
    data = None if body is None else json.dumps(body)
    head = {'Content-Type': 'application/json', **(headers or {})}
    try:
        path = parts.path + ('?' + parts.query if parts.query else '')
        connection.request(method, path, data, head)
        response = connection.getresponse()
        text = response.read()
    except (http.client.HTTPException, OSError):
        connection.close()
        raise
    if response.status >= 300:
        raise RuntimeError(f'{method} {parts.path}: {response.status} {text.decode()[:500]}')
    return (json.loads(text) if text else {}), response


def parallel(work, items, threads=8):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


class Gatehouse:
    def __init__(self):
        self.url = os.environ['GATEHOUSE_URL']
        self.sink = os.environ['GATEHOUSE_SINK_URL']
        self.run = f'{os.getpid():x}'

    def organisation(self, number):
        """A new organisation with plenty of credits; its API key."""
        answer, _ = call('POST', f'{self.url}/v1/organisations', {
            'organisationId': f'bench-{self.run}-{number}', 'displayName': 'Bench',
            'region': 'GB', 'timeZone': 'Europe/London', 'portalUrl': 'https://bench.example.com',
        }, {'Authorization': 'Bearer ' + os.environ['GATEHOUSE_OPERATOR_KEY']})
        staff = {'Authorization': 'Bearer ' + answer['apiKey']}
        call('POST', f'{self.url}/v1/smsCredits:purchase',
             {'credits': 1000000, 'reference': 'bench'}, staff)
        return staff

    def invite(self, staff, case, first_phone):
        """Three clients of a new case; their links' tokens and phones."""
        people = [{
            'contactId': f'c{i}', 'givenName': 'Client', 'familyName': str(i),
            'email': f'client{first_phone + i}@example.com',
            'mobile': f'+4474{first_phone + i:08d}',
            'role': 'APPLICANT',
        } for i in range(3)]
        call('PUT', f'{self.url}/v1/cases/{case}', {'displayName': case, 'contacts': people}, staff)
        clients = []
        for person in people:
            answer, _ = call('POST', f'{self.url}/v1/cases/{case}/invitations',
                             {'contactId': person['contactId'], 'delivery': 'LINK_ONLY'}, staff)
            clients.append({'token': answer['link'].split('#')[1], 'phone': person['mobile'],
                            'case': case, 'contact': person['contactId'], 'staff': staff})
        return clients

    def clients(self, count, organisations=64, prefix='', first_phone=0):
        """So many invited clients, spread over some organisations; those of one case do not follow
        one another."""
        staffs = [self.organisation(f'{prefix}{n}') for n in range(organisations)]
        cases = [(staffs[n % organisations], f'case-{n}', first_phone + n * 3)
                 for n in range((count + 2) // 3)]
        made = parallel(lambda item: self.invite(*item), cases)
        clients = [group[place] for place in range(3) for group in made][:count]
        for number, client in enumerate(clients):
            client['address'] = f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'
        return clients

    def codes(self, clients):
        """Adds to each client its challenge and the code that its phone received for it. Who
        started one already is given the same one again."""
        def look(client):
            answer, _ = call('POST', f'{self.url}/v1/portal/signIn:start',
                             {'token': client['token'], 'method': 'SMS_CODE'},
                             {'X-Forwarded-For': client['address']})
            if client.get('challenge') != answer['challengeId']:
                client['texts'] = client.get('texts', 0) + 1
            client['challenge'] = answer['challengeId']
        parallel(look, clients)
        for _ in range(240):
            received, _ = call('GET', f'{self.sink}/messages')
            by_phone = {client['phone']: [] for client in clients}
            for message in received['sms']:
                if message['to'] in by_phone:
                    by_phone[message['to']].append(message['body'])
            if all(len(by_phone[client['phone']]) >= client['texts'] for client in clients):
                break
            time.sleep(0.5)
        for client in clients:
            text = by_phone[client['phone']][client['texts'] - 1]
            client['code'] = re.search(r'#(\d{6})', text).group(1)

    def enter(self, client):
        """The cookie of a client who has its code."""
        _, answer = call('POST', f'{self.url}/v1/portal/signIn:verify',
                         {'challengeId': client['challenge'], 'code': client['code']},
                         {'X-Forwarded-For': client['address']})
        return {'Cookie': answer.getheader('Set-Cookie').split(';')[0]}
