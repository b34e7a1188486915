"""A headless Chromium for one page, and Odoo's RPC for one user: what the pictures need."""

import base64
import io
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import requests
import websocket
from PIL import Image

NAMES = ('google-chrome', 'chromium', 'chromium-browser', 'google-chrome-stable')
MAX_BYTES = 200_000
# Loaded, drawn, and nothing on its way.
QUIET = """
document.readyState === 'complete' && document.fonts.status === 'loaded'
&& ![...document.images].some((image) => !image.complete)
&& !document.querySelector('.o_loading_indicator, .o_view_nocontent_loading')
"""


class Browser:
    """Chromium, driven through its DevTools socket."""

    def __init__(self, width=1280, height=800):
        self.profile = tempfile.mkdtemp(prefix='screenshots-')
        command = next(path for path in map(shutil.which, NAMES) if path)
        self.process = subprocess.Popen(
            [command, '--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
             '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0',
             '--remote-allow-origins=*', f'--user-data-dir={self.profile}', 'about:blank'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.counter = itertools.count(1)
        self.socket = websocket.create_connection(
            self._find_page(), timeout=60, http_no_proxy=['127.0.0.1'])
        self.resize(width, height)

    def _find_page(self):
        port_file = Path(self.profile) / 'DevToolsActivePort'
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if port_file.exists() and port_file.read_text():
                port = port_file.read_text().splitlines()[0]
                with requests.Session() as session:
                    session.trust_env = False
                    pages = session.get(f'http://127.0.0.1:{port}/json/list', timeout=10).json()
                found = [page for page in pages if page['type'] == 'page']
                if found:
                    return found[0]['webSocketDebuggerUrl']
            time.sleep(0.2)
        raise RuntimeError("Chromium does not start")

    def call(self, method, **params):
        """Send one command and return its result; events are dropped."""
        number = next(self.counter)
        self.socket.send(json.dumps({'id': number, 'method': method, 'params': params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get('id') == number:
                if 'error' in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer['result']

    def resize(self, width, height):
        """Set the size of the page in pixels."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def evaluate(self, expression):
        """Return the value of a JavaScript expression in the page."""
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        return result['result'].get('value')

    def log_in(self, user):
        """Use the session of an `OdooUser`."""
        self.call('Network.clearBrowserCookies')
        self.call('Network.setCookie', name='session_id', value=user.session_id, url=user.url)

    def open(self, url, selector):
        """Open an address and wait for an element and for quiet."""
        self.call('Page.navigate', url='about:blank')
        self.call('Page.navigate', url=url)
        self.wait(f'!!document.querySelector({json.dumps(selector)})', f"{selector} on {url}")
        self.settle()

    def show(self, html):
        """Show an HTML document of one's own."""
        frame = self.call('Page.getFrameTree')['frameTree']['frame']['id']
        self.call('Page.setDocumentContent', frameId=frame, html=html)
        self.settle()

    def settle(self):
        """Wait until the page has nothing left to load."""
        self.wait(QUIET, "a quiet page")
        time.sleep(1.5)
        self.wait(QUIET, "a quiet page")

    def wait(self, condition, what, timeout=60):
        """Wait until a JavaScript condition holds."""
        end = time.monotonic() + timeout
        while not self.evaluate(condition):
            if time.monotonic() > end:
                raise RuntimeError(f"waited {timeout} s for {what}")
            time.sleep(0.2)

    def click(self, selector):
        """Click on the first element that matches."""
        self.evaluate(f'document.querySelector({json.dumps(selector)}).click()')
        self.settle()

    def scroll_to(self, selector):
        """Bring an element to the middle of the page."""
        self.evaluate(f'document.querySelector({json.dumps(selector)})'
                      '.scrollIntoView({block: "center"})')
        self.settle()

    def save(self, path):
        """Write the visible page as PNG."""
        data = self.call('Page.captureScreenshot', format='png')['data']
        save_png(Image.open(io.BytesIO(base64.b64decode(data))), path)

    def close(self):
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.profile, ignore_errors=True)


def save_png(image, path):
    """Write a picture with as many colours as 200 KB allow."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in (256, 128, 64, 32):
        image.convert('RGB').quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size < MAX_BYTES:
            return
    raise RuntimeError(f"{path} is larger than {MAX_BYTES} bytes")


class OdooUser:
    """One user's session: what the web client may call, no more."""

    def __init__(self, url, database, login):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        answer = self.post('/web/session/authenticate', {
            'db': database, 'login': login, 'password': login})
        self.uid = answer['uid']

    @property
    def session_id(self):
        """Value of the session cookie."""
        return self.http.cookies['session_id']

    def post(self, path, params):
        """Post a JSON-RPC request and return its result."""
        answer = self.http.post(self.url + path, timeout=300, json={
            'jsonrpc': '2.0', 'method': 'call', 'params': params}).json()
        if 'error' in answer:
            raise RuntimeError(answer['error']['data']['debug'])
        return answer['result']

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model."""
        return self.post(f'/web/dataset/call_kw/{model}/{method}', {
            'model': model, 'method': method, 'args': args, 'kwargs': kwargs})

    def search(self, model, domain, **kwargs):
        """Return the ids found."""
        return self.call(model, 'search', domain, **kwargs)

    def ref(self, xmlid):
        """Return the id behind an external id."""
        module, name = xmlid.split('.')
        found = self.call('ir.model.data', 'search_read', [
            ('module', '=', module), ('name', '=', name)], ['res_id'])
        return found[0]['res_id']
