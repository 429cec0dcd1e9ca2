// Reads the status of a JWT as a verifier would: the list that the token names, its signature by
// npm `jose`, its bits by npm `@sd-jwt/jwt-status-list`. Prints {status, bits, idx, uri, type}.
//     node status_list.mjs <issuer> < token
import {readFileSync} from 'node:fs';
import {createRemoteJWKSet, jwtVerify} from 'jose';
import {getListFromStatusListJWT, getStatusListFromJWT} from '@sd-jwt/jwt-status-list';

const issuer = process.argv[2];
const {idx, uri} = getStatusListFromJWT(readFileSync(0, 'utf8').trim());
const response = await fetch(uri, {headers: {Accept: 'application/statuslist+jwt'}});
const listToken = await response.text();
const keys = createRemoteJWKSet(new URL(issuer + '/.well-known/jwks.json'));
// `subject`: a list must say which list it is, or one could be served in another's place.
await jwtVerify(listToken, keys, {
    issuer, subject: uri, typ: 'statuslist+jwt', requiredClaims: ['exp', 'ttl'],
});
const list = getListFromStatusListJWT(listToken);
console.log(JSON.stringify({
    status: list.getStatus(idx), bits: list.getBitsPerStatus(), idx, uri,
    type: response.headers.get('Content-Type'),
}));
