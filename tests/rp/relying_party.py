"""A relying party that knows OpenID Connect and nothing of ours logs in to a running demo.

    relying_party.py PROGRAM

Steps 2 and 3 of the journey: log in with the phone, read who it is, ask introspection, refresh, log in
silently to a second client, revoke, log out; then the person logs in again and leaves, and every door
is shut. One line a step, and "N passed, N failed".
"""

import os
import secrets
import subprocess
import sys
import tempfile
import traceback
from urllib.parse import parse_qs, urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from page import Page

PORT = 18640
GATEWAY = f"http://localhost:{PORT}"
RETURN = "http://127.0.0.1:18659/cb"  # nobody listens: the answer is read from the redirect
FAREWELL = "http://127.0.0.1:18659/bye"


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "demo", "--port", str(PORT), "--data", f"{folder}/demo"]
        quiet = os.environ | {"PASSERELLE_LOG__LEVEL": "error"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=quiet) as demo:
            try:
                ready = any(line.startswith("Ready") for line in demo.stdout)
                assert ready, f"the demo stopped before it was ready ({demo.poll()})"
                story = Story()
                play(story)
            finally:
                demo.terminate()
            story.step("stops gracefully", lambda: expect(demo.wait(timeout=20), 0))
    print(f"{story.passed} passed, {story.failed} failed")
    return 1 if story.failed else 0


class Story:
    """Counts steps; a step that fails ends the story, since the next ones stand on it."""

    passed = failed = 0

    def step(self, name, work):
        if self.failed:
            return None
        try:
            answer = work()
        except Exception:  # whatever a step raises is what it has to tell
            self.failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}")
            return None
        self.passed += 1
        print(f"ok {name}")
        return answer


def expect(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"
    return found


def play(story):
    world = story.step("the world describes itself", lambda: get(f"{GATEWAY}/demo/world"))
    if world is None:
        return
    person = next(person for person in world["people"] if person["key"] == "aide-soignante")
    party = Party(world, person)
    story.step("discovery is found from the issuer", party.discover)
    story.step("two clients are registered by the API", party.register)
    story.step("logs in with the phone, PKCE and state", party.log_in)
    story.step("the code is redeemed, the ID token is right", party.redeem)
    story.step("userinfo says who it is", party.ask_userinfo)
    story.step("an API asks introspection: active", lambda: expect(party.is_active(), True))
    story.step("refreshes", party.refresh)
    story.step("a second client logs in silently", party.log_in_silently)
    story.step("its refresh token is revoked, and its access token dead", party.revoke)
    story.step("log-out with a hint brings the browser back", party.log_out)
    story.step("introspection after the log-out: inactive", lambda: expect(party.is_active(), False))
    story.step("nobody is logged in silently any more", party.log_in_silently_in_vain)
    story.step("logs in again", party.log_in)
    story.step("and redeems again", party.redeem)
    story.step("a code is kept for later", party.log_in_silently)
    story.step("the situation ends with immediate effect", party.leave)
    story.step("introspection: inactive", lambda: expect(party.is_active(), False))
    story.step("userinfo: 401", party.ask_userinfo_in_vain)
    story.step("refresh: invalid_grant", party.refresh_in_vain)
    story.step("the code that was not redeemed is worthless", party.redeem_in_vain)


def get(url, **more):
    response = requests.get(url, timeout=10, **more)
    response.raise_for_status()
    return response.json()


class Party:
    """A relying party, the API's program, and the browser and phone of one person."""

    def __init__(self, world, person):
        self.world, self.person = world, person
        self.browser = requests.Session()

    def discover(self):
        self.metadata = get(f"{self.world['issuer']}/.well-known/openid-configuration")
        expect(self.metadata["issuer"], self.world["issuer"])
        self.keys = KeySet.import_key_set(get(self.metadata["jwks_uri"]))

    def register(self):
        api = self.world["api"]
        program = OAuth2Session(api["client_id"], api["client_secret"])
        program.fetch_token(self.metadata["token_endpoint"], grant_type="client_credentials")
        self.program = program
        self.clients = [self.new_client(name, tilleuls) for name, tilleuls in (("a", True), ("b", False))]

    def new_client(self, name, tilleuls):
        registration = {
            "client_name": f"Python {name}",
            "redirect_uris": [RETURN],
            "post_logout_redirect_uris": [FAREWELL],
            "token_endpoint_auth_method": "client_secret_basic",
            "structure": "019999028" if tilleuls else None,
        }
        response = self.program.post(f"{GATEWAY}/api/v1/clients", json=registration)
        expect(response.status_code, 201)
        client = response.json()
        return OAuth2Session(
            client["client_id"],
            client["client_secret"],
            scope="openid scope_all",
            redirect_uri=RETURN,
            code_challenge_method="S256",
        )

    def start(self, client, **more):
        """Sends the browser to the gateway; answers the first response that is no redirect of ours."""
        self.nonce, self.verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
        url, self.state = client.create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=self.verifier,
            nonce=self.nonce,
            acr_values="eidas1",
            **more,
        )
        return self.follow("GET", url)

    def follow(self, method, url, **more):
        for _ in range(10):
            response = self.browser.request(method, url, allow_redirects=False, timeout=10, **more)
            target = response.headers.get("location")
            if target is None or target.startswith((RETURN, FAREWELL)):
                return response
            url, method, more = requests.compat.urljoin(url, target), "GET", {}
        raise AssertionError("too many redirects")

    def log_in(self):
        page = Page(self.start(self.clients[0]))
        form = page.form_with("identifier")
        form["fields"]["identifier"] = self.person["identifier"]
        fields = {name: text for name, text in form["fields"].items() if name != "annuler"}
        page = Page(self.follow("POST", form["action"], data=fields))
        shown = page.texts["code-a-comparer"]
        phone = f"{self.world['urls']['phone']}/api/phones/{self.person['rpps']}"
        waiting = get(f"{phone}/pending")[0]
        assert shown in waiting["codes"] and len(waiting["codes"]) == 3, waiting
        answer = {"challenge": waiting["challenge"], "code": shown, "pin": self.person["pin"]}
        expect(requests.post(f"{phone}/approve", json=answer, timeout=10).status_code, 200)
        self.answer = self.returned(self.follow("GET", page.refresh))

    def returned(self, response):
        target = response.headers.get("location", "")
        assert target.startswith(RETURN), f"{response.status_code}: {Page(response).texts}"
        answer = parse_qs(urlsplit(target).query)
        expect(answer["state"], [self.state])
        # RFC 9207: announced, so it must come, and be the issuer byte for byte.
        expect(self.metadata["authorization_response_iss_parameter_supported"], True)
        expect(answer["iss"], [self.world["issuer"]])
        return target

    def redeem(self):
        token = self.clients[0].fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=self.answer,
            state=self.state,
            code_verifier=self.verifier,
        )
        decoded = jwt.decode(token["id_token"], self.keys, algorithms=["RS256"])
        params = {"nonce": self.nonce, "client_id": self.clients[0].client_id}
        params["access_token"] = token["access_token"]
        options = {"iss": {"values": [self.world["issuer"]]}}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate()
        self.sub, self.token = claims["sub"], token
        expect(claims["acr"], "eidas1")

    def ask_userinfo(self):
        response = self.clients[0].get(self.metadata["userinfo_endpoint"])
        expect(response.status_code, 200)
        userinfo = response.json()
        expect(userinfo["sub"], self.sub)
        expect(userinfo["SubjectNameID"], self.person["identifier"])

    def is_active(self):
        known = next(c for c in self.world["clients"] if c["client_id"] == "api-territoire")
        api = OAuth2Session(known["client_id"], known["client_secret"])
        endpoint = self.metadata["introspection_endpoint"]
        response = api.introspect_token(endpoint, token=self.token["access_token"])
        return expect(response.status_code, 200) and response.json()["active"]

    def refresh(self):
        fresh = self.clients[0].refresh_token(
            self.metadata["token_endpoint"], refresh_token=self.token["refresh_token"]
        )
        assert fresh["access_token"] != self.token["access_token"]
        self.token = fresh

    def log_in_silently(self):
        self.unused = self.returned(self.start(self.clients[1], prompt="none"))
        assert "code" in parse_qs(urlsplit(self.unused).query), self.unused

    def log_in_silently_in_vain(self):
        target = self.returned(self.start(self.clients[1], prompt="none"))
        expect(parse_qs(urlsplit(target).query)["error"], ["login_required"])

    def revoke(self):
        endpoint, client = self.metadata["token_endpoint"], self.clients[1]
        token = client.fetch_token(
            endpoint,
            authorization_response=self.unused,
            state=self.state,
            code_verifier=self.verifier,
        )
        revoked = client.revoke_token(
            self.metadata["revocation_endpoint"], token=token["refresh_token"]
        )
        expect(revoked.status_code, 200)
        response = client.introspect_token(
            self.metadata["introspection_endpoint"], token=token["access_token"]
        )
        expect(response.json(), {"active": False})
        expect(self.is_active(), True)

    def log_out(self):
        query = {
            "id_token_hint": self.token["id_token"],
            "post_logout_redirect_uri": FAREWELL,
            "state": "bye",
        }
        response = self.follow("GET", self.metadata["end_session_endpoint"], params=query)
        expect(response.headers.get("location"), f"{FAREWELL}?state=bye")

    def leave(self):
        url = f"{GATEWAY}/api/v1/professionals/{self.person['rpps']}"
        for situation in self.program.get(url).json()["situations"]:
            end = f"{GATEWAY}/api/v1/situations/{situation['id']}/end"
            expect(self.program.post(end, json={"immediate": True}).status_code, 200)

    def ask_userinfo_in_vain(self):
        token = {"Authorization": f"Bearer {self.token['access_token']}"}
        endpoint = self.metadata["userinfo_endpoint"]
        expect(requests.get(endpoint, headers=token, timeout=10).status_code, 401)

    def refresh_in_vain(self):
        expect_refusal(
            lambda: self.clients[0].refresh_token(
                self.metadata["token_endpoint"], refresh_token=self.token["refresh_token"]
            )
        )

    def redeem_in_vain(self):
        expect_refusal(
            lambda: self.clients[1].fetch_token(
                self.metadata["token_endpoint"],
                authorization_response=self.unused,
                state=self.state,
                code_verifier=self.verifier,
            )
        )


def expect_refusal(work):
    try:
        work()
    except OAuthError as refusal:
        expect(refusal.error, "invalid_grant")
    else:
        raise AssertionError("it was not refused")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
