"""What the two services of Coface share: token, signature, form of errors (CO-2, CO-4, CO-7)."""
from .base import Client
from .errors import AmbiguousError, NotFoundError, RefusedError
from .exchange import Call, Kind, Problem

LIFETIME = 3600


class CofaceClient(Client):
    """Base of ICON and CofaServe; the token travels without the word Bearer."""

    credential_fields = ('api_key', 'username', 'password')
    problem_codes = {
        'too_many_results': (AmbiguousError, 'too_many_results'),
        'missing_financials_for_company': (NotFoundError, 'no_data'),
        'error-subscription': (RefusedError, 'no_points'),
    }
    #: The two services spell it differently.
    grant_field = 'grantType'

    def _login(self):
        answer = self._run(Call(
            'login', 'POST', self._url('token', '/authentication/v1/token'), Kind.LOGIN,
            signed=False, headers=self._login_headers(), json={
                'username': self._secret('username'), 'password': self._secret('password'),
                self.grant_field: 'password'}))
        reader = self._read(answer)
        for name in ('accessToken', 'refreshToken'):
            self.masker.add(reader.text(name))
        return self._make_token(
            reader.text('idToken', required=True), reader.text('expiresIn') or LIFETIME)

    def _login_headers(self):
        return {'x-api-key': self._secret('api_key')}

    def _sign(self, headers, token):
        return {**headers, 'authorization': token.value.reveal(),
                'x-api-key': self._secret('api_key')}

    def _read_problem(self, answer):
        data = answer.json_or_none()
        if not isinstance(data, dict):
            return Problem()
        messages = [x for x in data.get('messages') or [] if isinstance(x, dict)]
        return Problem(
            str(messages[0].get('code') or '') if messages else '',
            tuple(str(x.get('message') or '') for x in messages), str(data.get('fishtag') or ''))

    def _classify(self, call, answer, problem):
        words = ' '.join(problem.messages).lower()
        if problem.code == 'too_many_results' and 'not found' in words:
            # The same code serves for none and for too many.
            return self._error(NotFoundError, 'not_found', answer=answer, problem=problem)
        return super()._classify(call, answer, problem)
