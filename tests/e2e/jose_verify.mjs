// Verifies compact JWTs with npm `jose` against a server's JWKS. One token a line on standard input,
// one JSON answer a line: {ok, kid, payload} or {ok: false, code}. The key set stays cached between
// lines, as in a service that runs for long; `fetches` counts how often it was asked for.
//     node jose_verify.mjs <issuer> <audience>
import {createInterface} from 'node:readline';
import {createRemoteJWKSet, customFetch, jwtVerify} from 'jose';

const [issuer, audience] = process.argv.slice(2);
let fetches = 0;
const keys = createRemoteJWKSet(new URL(issuer + '/.well-known/jwks.json'), {
    [customFetch]: (url, options) => {
        fetches += 1;
        return fetch(url, options);
    },
});

for await (const token of createInterface({input: process.stdin})) {
    let answer;
    try {
        const {payload, protectedHeader} = await jwtVerify(token, keys, {
            issuer, audience, algorithms: ['ES256'],
            requiredClaims: ['sub', 'jti', 'iat', 'nbf', 'status'],
        });
        answer = {ok: true, kid: protectedHeader.kid, payload, fetches};
    } catch (error) {
        answer = {ok: false, code: error.code ?? error.message, fetches};
    }
    console.log(JSON.stringify(answer));
}
