"""Start all simulators: python -m simulators --port 8170

Prints one line for each: code, address, credentials. Ends with SIGINT or SIGTERM.
"""
import argparse
import json
import signal
import sys
import threading
import time

from .allianz_trade import AllianzTrade
from .atradius import Atradius
from .coface import CofaceIcon, CofaServe
from .ellisphere import Ellisphere
from .gleif import Gleif
from .infolegale import Infolegale
from .open_data import Bodacc, InseeSirene, RechercheEntreprises, Vies, make_notice
from .ratings import Creditsafe, Dnb

# The order decides the ports: new ones go to the end.
SIMULATORS = (
    AllianzTrade, Atradius, Bodacc, CofaServe, CofaceIcon, Creditsafe, Dnb, Ellisphere,
    Infolegale, InseeSirene, RechercheEntreprises, Vies, Gleif)
CREDENTIALS = ('api_key', 'username', 'password', 'client_id', 'client_secret', 'app_key',
               'contract_id', 'user_id', 'key', 'secret', 'policy_number')


def tell_story(simulator):
    """Give a simulator something to show."""
    if isinstance(simulator, AllianzTrade):
        simulator.reduce_after = 180
    if isinstance(simulator, Bodacc):
        simulator.notices = [make_notice(
            1, '002003002', simulator.today(-5), "Jugement d'ouverture de redressement judiciaire",
            judged=simulator.today(-12))]
    if isinstance(simulator, RechercheEntreprises):
        # A customer of the demonstration, which called it active yesterday.
        simulator.companies['073110207'] = {
            'name': "Pâtisserie Rivoire", 'city': "GRENOBLE", 'zip': "38000", 'state': 'C',
            'closed': simulator.today(-4)}


def main():
    """Start all of them and wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--port', type=int, default=8170, help="first port; 0: free ones")
    port = parser.parse_args().port
    running = []
    for offset, cls in enumerate(SIMULATORS):
        simulator = cls()
        # Visitors live today: the clock stands still in tests only.
        simulator.now = _now(simulator)
        tell_story(simulator)
        running.append(simulator.start(port + offset if port else 0))
        credentials = {name: getattr(cls, name) for name in CREDENTIALS if hasattr(cls, name)}
        sys.stdout.write(f'{cls.code} {simulator.url} {json.dumps(credentials)}\n')
    sys.stdout.flush()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *args: stop.set())
    while not stop.wait(5):
        for simulator in running:
            simulator.tick()
    for simulator in running:
        simulator.stop()


def _now(simulator):
    """Return the running clock of a simulator; /_sim/clock still moves it."""
    return lambda: time.time() + simulator.offset


if __name__ == '__main__':
    main()
