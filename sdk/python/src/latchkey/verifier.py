"""Verification of what an API receives: locally where it can be, by asking where it must be, and
never a yes that is older than its bound."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
import weakref
from datetime import datetime, timezone
from functools import partial
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, Union

from ._asking import Asker, CannotTell, Wanted
from ._authority import Allowance, Authority
from ._fork import begins_anew
from ._http import StandardTransport, Transport, check_url
from ._jws import Jws, KeySet, Malformed, parse_compact
from ._knowledge import Confirmed, Knowledge, OneList
from ._local import KIND_ACCESS, SignedToken, check_issuer, life_of, read_signed, scopes_asked
from ._opaque import TOKEN_BYTES_MAX, is_opaque
from ._steady import SteadyClock
from ._status import ASK, REVOKED, SUSPENDED, VALID
from ._stream import HttpSource, Position, Source, Stream, StreamListener, WeakListener
from ._text import is_credential, uuid_of
from .errors import ConfigurationError, CouldNotTellError
from .scopes import missing_scopes
from .verification import Verification

Scopes = Union[str, Sequence[str]]

log = logging.getLogger("latchkey")


def digest_of(token: str) -> bytes:
    """Nothing for what cannot be a token; hashed are at most the first 16 KiB and one."""
    try:
        return hashlib.sha256(token[: TOKEN_BYTES_MAX + 1].encode("ascii")).digest()
    except (AttributeError, TypeError, UnicodeEncodeError):
        return b""


class _Kept:
    """A local verdict, good as long as nothing that it was made from has changed."""

    __slots__ = ("result", "generation", "until", "confirmed")

    def __init__(self, result: Verification, generation: int, until: float,
                 confirmed: Tuple[Confirmed, ...]) -> None:
        self.result, self.generation, self.until = result, generation, until
        self.confirmed = confirmed


class _OtherKeys(Exception):
    """The key set is another one than the token was verified with."""


class _Entry:
    """A token whose signature was found right by a key of `keys`, with verdicts about it."""

    __slots__ = ("token", "keys", "results", "reads", "owner")

    def __init__(self, token: SignedToken, keys: KeySet) -> None:
        self.token, self.keys = token, keys
        self.results: Dict[Any, _Kept] = {}
        self.reads = 0  # of its list, when that was read because of it
        self.owner = token.owner

    def has_own(self, one: OneList) -> bool:
        """Whether the list was read because of the token, which had been made by then."""
        return 0 < self.reads <= one.reads


class Verifier:
    """Thread-safe; one for each API. `verify()` never raises for a token, whatever it is.

    `issuer` and `audience` say whose tokens are taken, for which API. With `token`, a verifier's
    token, the event stream is followed and the authority can be asked about opaque tokens; without
    it the status lists are polled. `max_staleness` bounds how old a yes may be, in seconds."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        token: Optional[str] = None,
        revocation: str = "auto",
        max_staleness: float = 30.0,
        clock_tolerance: float = 5.0,
        timeout: float = 5.0,
        ask_ttl: float = 2.0,
        jwks_max_age: float = 300.0,
        jwks_cooldown: float = 5.0,
        cache_size: int = 10_000,
        insecure_http: bool = False,
        cafile: Optional[str] = None,
        transport: Optional[Transport] = None,
        clock: Callable[[], float] = time.time,
        monotonic: Optional[Callable[[], float]] = None,
        background: bool = True,
    ) -> None:
        if revocation not in ("auto", "stream", "poll", "off"):
            raise ConfigurationError("revocation is auto, stream, poll or off")
        if revocation == "stream" and token is None:
            raise ConfigurationError("the event stream needs a verifier's token: token=…")
        if not audience:
            raise ConfigurationError("the audience of the API is needed")
        if token is not None and not is_credential(token):
            raise ConfigurationError("the verifier's token holds what no token holds: a line break?",
                                     code="bad_token")
        self.issuer = check_url(issuer, insecure_http, "the issuer")
        self.audience, self.max_staleness = audience, max_staleness
        self._cafile, self._transport, self._token = cafile, transport, token
        self._tolerance, self._ask_ttl, self._timeout = clock_tolerance, ask_ttl, timeout
        self._keys_max_age, self._keys_cooldown = jwks_max_age, jwks_cooldown
        self._cache_size, self._wall = cache_size, clock
        self._monotonic = monotonic or SteadyClock(clock)
        self._checks_status = revocation != "off"
        self._streams = token is not None and revocation in ("auto", "stream")
        self._background = background
        self.begin_after_fork()
        begins_anew(self)

    def begin_after_fork(self) -> None:
        """With nothing known, no thread and no connection."""
        self._standard = StandardTransport(cafile=self._cafile)
        authority = Authority(self.issuer, self._token, self._transport or self._standard,
                              self._timeout)
        self._known = Knowledge(authority, self._wall, self._monotonic, self._tolerance,
                                self.max_staleness, self._keys_max_age)
        self._asker = Asker(self._known, self.audience, self._ask_ttl, self._cache_size)
        self._rereads = Allowance(3, self._keys_cooldown, self._monotonic)
        self._lock = threading.Lock()
        self._entries: Dict[bytes, _Entry] = {}
        self._stream: Optional[Stream] = None
        self._worker: Optional[threading.Thread] = None
        self._closed = threading.Event()
        self._hits = self._signatures = 0

    def __repr__(self) -> str:
        return f"Verifier(issuer={self.issuer!r}, audience={self.audience!r})"

    def __enter__(self) -> "Verifier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the question -------------------------------------------------------------------------

    def verify(
        self,
        token: str,
        scopes: Scopes = (),
        *,
        project: Optional[str] = None,
        resource: Optional[str] = None,
        ip: Optional[str] = None,
        max_staleness: Optional[float] = None,
    ) -> Verification:
        """Whether the token is valid here and allows all of `scopes`.

        `project` and `resource` ask for rights in a project; `ip` is the client's address, for
        tokens that are bound to some. `max_staleness` is this route's own bound."""
        digest = digest_of(token)
        found = self._kept(digest, scopes, project, max_staleness)
        if found is not None:
            return found
        bound = self.max_staleness if max_staleness is None else max_staleness
        wanted = Wanted(scopes_asked(scopes), project and (uuid_of(project) or project), resource,
                        ip, bound)
        try:
            return self._verify(token, digest, wanted)
        except Malformed:
            return Verification("malformed")
        except CannotTell as cannot:
            return cannot.result()

    async def averify(
        self,
        token: str,
        scopes: Scopes = (),
        *,
        project: Optional[str] = None,
        resource: Optional[str] = None,
        ip: Optional[str] = None,
        max_staleness: Optional[float] = None,
    ) -> Verification:
        """As `verify`, for asyncio: what must wait for somebody waits in a thread."""
        found = self._kept(digest_of(token), scopes, project, max_staleness)
        if found is not None:
            return found
        asked = partial(self.verify, token, scopes, project=project, resource=resource, ip=ip,
                        max_staleness=max_staleness)
        return await asyncio.get_running_loop().run_in_executor(None, asked)

    def _kept(self, digest: bytes, scopes: Scopes, project: Optional[str],
              max_staleness: Optional[float]) -> Optional[Verification]:
        """The way of almost every request: no lock, no request, no cryptography but a digest."""
        entry = self._entries.get(digest)
        if entry is None:
            return None
        try:
            kept = entry.results.get((scopes, project))
        except TypeError:  # a list of scopes
            return None
        known = self._known
        if kept is None or kept.generation != known.generation or self._wall() >= kept.until:
            return None
        if kept.confirmed:
            now = self._monotonic()
            bound = self.max_staleness if max_staleness is None else max_staleness
            for confirmed in kept.confirmed:
                if now - confirmed.fresh_at(known.stream) > bound:
                    return None
                confirmed.used_at = now
        self._hits += 1
        return kept.result

    def _verify(self, token: str, digest: bytes, wanted: Wanted) -> Verification:
        if not digest or len(token) > TOKEN_BYTES_MAX:
            raise Malformed("no token has this length or these letters")
        if token.count(".") != 2:
            if not is_opaque(token):
                raise Malformed("its form or checksum is wrong")
            self._start()
            return self._asker.ask(token, wanted)
        for _ in range(2):
            try:
                return self._verify_signed(token, digest, wanted)
            except _OtherKeys:
                continue
        raise CannotTell(None, "unknown_key")

    def _verify_signed(self, token: str, digest: bytes, wanted: Wanted) -> Verification:
        entry = self._entries.get(digest)
        keys = self._known.keys.held.value
        if entry is None or entry.keys is not keys:
            jws = parse_compact(token)
            if not check_issuer(jws, self.issuer):
                return Verification("unknown")
            self._start()
            opened = self._open(jws)
            if opened is None:
                compromised = self._known.stream.facts.is_compromised(jws.kid)
                return Verification("key_compromised" if compromised else "unknown")
            if entry is not None:  # other keys; what was read because of the token was read
                opened.reads, opened.owner = entry.reads, opened.owner or entry.owner
            entry = self._remember(digest, opened)
        return self._judge(token, entry, wanted)

    # --- signed tokens ------------------------------------------------------------------------

    def _open(self, jws: Jws) -> Optional[_Entry]:
        """None: no key of the set signed it. Raises CannotTell when there may be a newer set."""
        keys = self._keys_for(jws)
        self._signatures += 1
        signed = read_signed(jws, keys, self.issuer)
        return None if signed is None else _Entry(signed, keys)

    def _keys_for(self, jws: Jws) -> KeySet:
        """The key set, read again when it is old or does not know the key."""
        known, held = self._known, self._known.keys.held
        if held.value is None or self._monotonic() - known.keys.read_at > self._keys_max_age:
            known.read_keys(is_enough=lambda _: self._monotonic() - known.keys.read_at
                            <= self._keys_max_age)
        keys = held.value
        if keys is None:
            raise CannotTell(held.error)
        if keys.find(jws.kid) is not None:
            return keys
        reads = known.keys.reads
        found = known.read_keys(lambda one: one.find(jws.kid) is not None, self._rereads.take)
        if found is None:
            raise CannotTell(held.error)
        if found.find(jws.kid) is None and known.keys.reads == reads:
            # Too soon to read it again. A key that came meanwhile is better not called unknown.
            issued_at = jws.claims.get("iat")
            # (Nobody has signed that number: it may be too large for sums.)
            if isinstance(issued_at, int) and issued_at > known.keys.read_wall - self._tolerance:
                raise CannotTell(None, "unknown_key")
        return found

    def _remember(self, digest: bytes, entry: _Entry) -> _Entry:
        with self._lock:
            while len(self._entries) >= self._cache_size:
                del self._entries[next(iter(self._entries))]
            self._entries[digest] = entry
        return entry

    def _judge(self, token: str, entry: _Entry, wanted: Wanted) -> Verification:
        """The order of spec/vectors/README.md."""
        signed, known = entry.token, self._known
        generation = known.generation
        if signed.audience != self.audience:
            return self._about(entry, "wrong_audience")
        said = known.stream.facts.verdict_of(signed)
        if said in ("revoked", "key_compromised"):
            return self._about(entry, said)
        life = life_of(signed, self._wall(), self._tolerance)
        confirmed: Tuple[Confirmed, ...] = ()
        status = VALID
        if self._checks_status:
            try:
                confirmed, status = self._status(entry, wanted.bound)
            except CannotTell:
                if life != "active":
                    return self._about(entry, life)
                if said is not None and self._stream_is_fresh(wanted.bound):
                    return self._about(entry, said)
                raise
        if status == REVOKED:
            return self._about(entry, "revoked")
        if life != "active":
            return self._about(entry, life)
        if said is not None or status == SUSPENDED:
            return self._about(entry, said or "suspended")
        if status == ASK or (wanted.project is not None and signed.kind != KIND_ACCESS):
            return self._ask(token, entry, wanted)
        if signed.needs_proof:
            return self._about(entry, "proof_needed")
        missing = self._missing(signed, wanted)
        if missing and signed.kind == KIND_ACCESS and self._asker.can_ask:
            try:  # its scope claim says less than is true, sometimes
                return self._ask(token, entry, wanted)
            except CannotTell:
                pass
        result = self._about(entry, "insufficient_scope" if missing else "active", missing)
        if not missing or not self._asker.can_ask:
            self._keep(entry, wanted, _Kept(result, generation, self._until(signed, confirmed),
                                            confirmed))
        return result

    def _keep(self, entry: _Entry, wanted: Wanted, kept: _Kept) -> None:
        if len(entry.results) >= 64:
            entry.results.clear()
        entry.results[(wanted.scopes, wanted.project)] = kept
        if len(wanted.scopes) == 1:
            entry.results[(wanted.scopes[0], wanted.project)] = kept  # for verify(token, "a:b")

    @staticmethod
    def _until(signed: SignedToken, confirmed: Tuple[Confirmed, ...]) -> float:
        ends = [float("inf") if signed.expires_at is None else float(signed.expires_at)]
        for one in confirmed:
            if isinstance(one, OneList) and one.held.value is not None:
                ends.append(float(one.held.value.expires_at or "inf"))
        return min(ends)

    def _stream_is_fresh(self, bound: float) -> bool:
        return self._monotonic() - self._known.stream.heard_at <= bound

    def _status(self, entry: _Entry, bound: float) -> Tuple[Tuple[Confirmed, ...], int]:
        """What confirms the token, and its status. Raises CannotTell."""
        signed, known = entry.token, self._known
        revision, made = known.stream.facts.open_for(signed, entry.owner)
        if signed.kind == KIND_ACCESS:
            keys = self._confirm_keys(entry, bound)
            is_open = revision > 0 and signed.issued_at <= made + self._tolerance
            # No list names it: what became of it before the stream was heard, the authority knows.
            is_untold = self._asker.can_ask and not (
                self._stream_is_fresh(bound)
                and signed.issued_at > known.stream.began_at + self._tolerance)
            return (keys,), ASK if is_open or is_untold else VALID
        if signed.status_uri is None:
            return (), ASK
        one = known.list_of(signed.status_uri)
        one.used_at = self._monotonic()
        if not self._list_counts(one, entry, revision, bound):
            if not known.read_list(one, lambda _: self._list_counts(one, entry, revision, bound)):
                if one.says(signed.status_index) == REVOKED:
                    return (one,), REVOKED  # for ever
                raise CannotTell(one.held.error)
            entry.reads = one.reads
            if one.has_ended(self._wall()) or not self._knows(one, entry, revision):
                raise CannotTell(None, "old_list")
        status = one.says(signed.status_index)
        if status is None:
            raise CannotTell(None, "not_in_list")
        if status == REVOKED:
            return (one,), REVOKED
        keys = self._confirm_keys(entry, bound)
        return (one, keys), status if status in (VALID, SUSPENDED) else ASK

    def _confirm_keys(self, entry: _Entry, bound: float) -> Confirmed:
        """The key set within the bound: whoever stole a signing key that was withdrawn since can
        write any token, of any status. Raises CannotTell."""
        known, keys = self._known, self._known.keys
        keys.used_at = self._monotonic()
        if keys.used_at - keys.fresh_at(known.stream) > bound:
            fresh = known.read_keys(is_enough=lambda _: self._monotonic()
                                    - keys.fresh_at(known.stream) <= bound)
            if fresh is None:
                raise CannotTell(keys.held.error)
        if keys.held.value is not entry.keys:
            raise _OtherKeys()
        return keys

    def _list_counts(self, one: OneList, entry: _Entry, revision: int, bound: float) -> bool:
        if one.has_ended(self._wall()) or one.used_at - one.fresh_at(self._known.stream) > bound:
            return False
        # A list from before the token was made knows nothing of it, unless it was read for it.
        is_older = one.read_wall <= entry.token.issued_at + self._tolerance
        return self._knows(one, entry, revision) and (not is_older or entry.has_own(one))

    def _knows(self, one: OneList, entry: _Entry, revision: int) -> bool:
        """Whether the list was read after that change. What is told late of the token's making is
        no news to a list that was read because of the token."""
        stream = self._known.stream
        return one.was_read_after(revision, stream) or (
            entry.has_own(one) and stream.facts.is_making(entry.token, revision))

    @staticmethod
    def _missing(signed: SignedToken, wanted: Wanted) -> Tuple[str, ...]:
        if wanted.project is not None and wanted.project != signed.project:
            return wanted.scopes or ("*",)
        missing = missing_scopes(signed.scopes, wanted.scopes)
        if signed.requested is None:
            return missing
        too = missing_scopes(signed.requested, wanted.scopes)
        return tuple(scope for scope in wanted.scopes if scope in missing or scope in too)

    def _ask(self, token: str, entry: _Entry, wanted: Wanted) -> Verification:
        signed = entry.token
        revision, _ = self._known.stream.facts.open_for(signed, entry.owner)
        result = self._asker.ask(token, wanted, revision)
        entry.owner = entry.owner or result.owner
        return result

    @staticmethod
    def _about(entry: _Entry, verdict: str, missing: Tuple[str, ...] = ()) -> Verification:
        signed = entry.token
        expires_at = None
        if signed.expires_at is not None:
            expires_at = datetime.fromtimestamp(signed.expires_at, timezone.utc)
        return Verification(
            verdict, token_id=signed.token_id, owner=entry.owner, project=signed.project,
            projects=(signed.project,) if signed.project else (),
            kind="key" if signed.kind == KIND_ACCESS else "jwt", scopes=signed.scopes,
            missing_scopes=missing, expires_at=expires_at)

    # --- what keeps it fresh --------------------------------------------------------------------

    def _http_source(self, position: Optional[Position]) -> Source:
        headers = {**self._known.authority.credentials(), "Accept": "text/event-stream",
                   "Cache-Control": "no-store"}
        if position is not None:
            headers["Last-Event-ID"] = f"{position[0]}.{position[1]}"
        return HttpSource(self._standard, self.issuer + "/v1/events/stream", headers)

    @property
    def listener(self) -> StreamListener:
        """For whoever brings the stream by another way than HTTP."""
        return self._known

    def _start(self) -> None:
        if self._worker is not None or not self._background or self._closed.is_set():
            return
        with self._lock:
            if self._worker is not None:
                return
            self._worker = threading.Thread(target=_keep_fresh, name="latchkey-refresh",
                                            args=(weakref.ref(self), self._closed), daemon=True)
            self._worker.start()
            if self._streams and self._checks_status:
                source = weakref.WeakMethod(self._http_source)
                self._stream = Stream(source, WeakListener(self._known))
                self._stream.start()

    def ready(self, timeout: float = 10.0) -> None:
        """Reads the key set and waits for the stream, so that the first request need not.

        Raises what keeps it from verifying. A stream that fails is no reason: lists are polled."""
        self._start()
        if self._known.read_keys() is None:
            raise self._known.keys.held.error or CouldNotTellError("the key set cannot be read")
        if self._stream is not None:
            self._known.began.wait(timeout)

    def state(self) -> Dict[str, Any]:
        """For a health page: what it knows and since when. Nothing secret."""
        state, _ = self._known.state()
        return {**state, "cached": len(self._entries), "hits": self._hits,
                "signatures": self._signatures, "asks": self._asker.asks}

    def close(self) -> None:
        """Ends its threads and connections."""
        self._closed.set()
        if self._stream is not None:
            self._stream.close()
        self._standard.close()


def _keep_fresh(verifier_ref: "weakref.ref[Verifier]", closed: threading.Event) -> None:
    while not closed.wait(0.5):
        verifier = verifier_ref()
        if verifier is None:
            return
        try:
            verifier._known.tend(verifier._checks_status)
        except Exception as error:  # the thread lives on: without it everything turns stale
            log.error("refreshing failed: %s", type(error).__name__)
        del verifier

