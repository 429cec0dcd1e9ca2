"""What the event stream said about tokens, secrets, owners and keys.

A fact that says revoked, disabled or withdrawn counts at once. Every other fact leaves something
open: lists and answers from before it count no more for whom it concerns, because the sums are done
by the authority. What this version does not understand concerns everybody."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Set, Tuple

from ._local import KIND_ACCESS, SignedToken
from ._text import base64url_decode, uuid_of

ENTRIES_MAX = 200_000
Since = Tuple[int, float]  # a revision, and when it was made by the authority's clock
NEVER: Since = (0, float("-inf"))


class Facts:
    """Written by one thread at a time; reading meanwhile is safe."""

    def __init__(self) -> None:
        self.open_for_all = NEVER
        self._open_for_owners = NEVER  # for tokens that do not say whose they are
        self._open_for_projects = NEVER  # for answers that speak of several projects
        self._open_for_unknown = NEVER  # for answers that know of no token
        self.keys_changed = 0
        self._verdicts: Dict[str, str] = {}  # by id of a token, secret, owner, jti or key digest
        self._open: Dict[str, Since] = {}  # by the same, and by project
        self._made: Dict[str, int] = {}  # the revision at which a token was made
        self._compromised: Set[str] = set()

    def empty(self, since: Since) -> "Facts":
        """Nothing but withdrawn keys. What was told is in the lists too, and access tokens made
        before are asked about."""
        fresh = Facts()
        fresh.open_for_all = since
        fresh.keys_changed = self.keys_changed
        fresh._compromised = set(self._compromised)
        return fresh

    def begin_again(self, since: Since) -> "Facts":
        """What stays true when something may have been missed: only what is for ever."""
        fresh = Facts()
        fresh.open_for_all = since
        fresh.keys_changed = self.keys_changed + 1
        fresh._verdicts = {name: said for name, said in self._verdicts.items() if said == "revoked"}
        fresh._compromised = set(self._compromised)
        return fresh

    def is_full(self) -> bool:
        return len(self._verdicts) + len(self._open) + len(self._made) > ENTRIES_MAX

    def is_compromised(self, kid: str) -> bool:
        return kid in self._compromised

    def verdict_of(self, token: SignedToken) -> Optional[str]:
        """Why the token is not valid; None: no fact says so."""
        verdicts = self._verdicts
        found = [verdicts[name] for name in
                 (token.token_id, token.secret_id, token.key_digest, token.owner,
                  *token.ancestors)
                 if name and name in verdicts] if verdicts else []
        if "revoked" in found:
            return "revoked"
        if token.kid in self._compromised:
            return "key_compromised"
        return found[0] if found else None

    def open_for(self, token: SignedToken, owner: Optional[str]) -> Since:
        """Since when only what was learned later counts for the token."""
        names = [token.token_id, token.secret_id, owner]
        newest = self.open_for_all
        if token.kind == KIND_ACCESS:
            names.append(token.project)
            if owner is None:
                newest = max(newest, self._open_for_owners)
        return self._newest(newest, names)

    def is_making(self, token: SignedToken, revision: int) -> bool:
        """Whether the token was made at that revision: who was shown it learned all later."""
        return 0 < revision == self._made.get(token.token_id)

    def open_for_answer(self, token_id: Optional[str], owner: Optional[str]) -> int:
        """The revision that an answer of the authority must have reached."""
        newest = max(self.open_for_all, self._open_for_projects)
        if token_id is None:
            newest = max(newest, self._open_for_unknown)
        if owner is None:
            newest = max(newest, self._open_for_owners)
        return self._newest(newest, [token_id, owner])[0]

    def _newest(self, newest: Since, names: "list[Optional[str]]") -> Since:
        if self._open:
            for name in names:
                if name:
                    newest = max(newest, self._open.get(name, NEVER))
        return newest

    def apply(self, facts: Any, since: Since, makes_token: bool) -> None:
        if facts is None:
            return
        for fact in facts if isinstance(facts, list) else [facts]:
            kind = fact.get("kind") if isinstance(fact, dict) else None
            read = _READERS.get(kind) if isinstance(kind, str) else None
            if read is None or not read(self, fact, since):
                self.open_for_all = since
            elif makes_token and kind == "token":
                self._made[str(uuid_of(fact.get("id")))] = since[0]

    def _token(self, fact: Mapping[str, Any], since: Since) -> bool:
        token, state = uuid_of(fact.get("id")), fact.get("state")
        if token is None or state not in ("active", "revoked", "suspended"):
            return False
        self._open[token] = self._open_for_unknown = since
        self._say(token, None if state == "active" else str(state))
        return True

    def _states(self, fact: Mapping[str, Any], since: Since) -> bool:
        """Many tokens at once."""
        tokens = fact.get("tokens")
        if not isinstance(tokens, list):
            return False
        return all([self._token({"id": token, "state": fact.get("state")}, since)
                    for token in tokens])

    def _secret(self, fact: Mapping[str, Any], since: Since) -> bool:
        secret, token = uuid_of(fact.get("id")), uuid_of(fact.get("token"))
        digest = fact.get("digest")
        if secret is None or token is None or not isinstance(digest, str):
            return False
        self._open[secret] = self._open_for_unknown = since
        if fact.get("is_revoked") is True:
            self._say(secret, "revoked")
            self._say((base64url_decode(digest) or b"").hex(), "revoked")
        # An opaque token's answer names the token, not the secret.
        self._open[token] = since
        return True

    def _user(self, fact: Mapping[str, Any], since: Since) -> bool:
        user = uuid_of(fact.get("id"))
        if user is None:
            return False
        self._open[user] = self._open_for_owners = since
        self._say(user, "owner_disabled" if fact.get("is_disabled") is True else None)
        return True

    def _key(self, fact: Mapping[str, Any], since: Since) -> bool:
        kid = fact.get("kid")
        if not isinstance(kid, str):
            return False
        self.keys_changed += 1
        if fact.get("is_compromised") is True:
            self._compromised.add(kid)
            self._open_for_projects = since
        return True

    def _access(self, fact: Mapping[str, Any], _: Since) -> bool:
        jti = fact.get("jti")
        if not isinstance(jti, str) or not jti:
            return False
        self._say(jti, "revoked")
        return True

    def _project(self, fact: Mapping[str, Any], since: Since) -> bool:
        """Policies and memberships: no claim of a jwt speaks of them."""
        project = uuid_of(fact.get("project", fact.get("id")))
        if project is None:
            return False
        self._open[project] = self._open_for_projects = since
        return True

    def _say(self, name: str, verdict: Optional[str]) -> None:
        if verdict is not None:
            self._verdicts[name] = verdict
        elif self._verdicts.get(name) != "revoked":
            self._verdicts.pop(name, None)


_READERS = {
    "token": Facts._token, "token_states": Facts._states, "secret": Facts._secret,
    "user": Facts._user, "key": Facts._key, "access": Facts._access,
    "project": Facts._project, "membership": Facts._project, "grant": Facts._project,
}
