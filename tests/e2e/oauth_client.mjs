// Gets access tokens as applications do, with strict OAuth clients that we did not write. One request
// a line on standard input:
//     {library: "oauth4webapi" | "openid-client", algorithm, tokenId, keyId, privateKey, parameters}
// One JSON answer a line: {ok, accessToken, scope, claims} or {ok: false, code, error}.
//     node oauth_client.mjs <issuer> <audience>
import {createInterface} from 'node:readline';
import {importPKCS8} from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

const [issuer, audience] = process.argv.slice(2);
const plainHttp = {[oauth.allowInsecureRequests]: true};

async function discovered() {
    const address = new URL(issuer);
    const answer = await oauth.discoveryRequest(address, {algorithm: 'oauth2', ...plainHttp});
    return oauth.processDiscoveryResponse(address, answer);
}

async function withOauth4webapi(request, key) {
    const server = await discovered();
    const holder = {client_id: request.tokenId};
    const proof = oauth.PrivateKeyJwt({key, kid: request.keyId});
    const answer = await oauth.clientCredentialsGrantRequest(
        server, holder, proof, request.parameters, plainHttp);
    return oauth.processClientCredentialsResponse(server, holder, answer);
}

async function withOpenidClient(request, key) {
    const configuration = await client.discovery(
        new URL(issuer), request.tokenId, undefined,
        client.PrivateKeyJwt({key, kid: request.keyId}),
        {algorithm: 'oauth2', execute: [client.allowInsecureRequests]});
    return client.clientCredentialsGrant(configuration, request.parameters);
}

// As a protected API does that was given the token (RFC 9068 §4).
async function claimsOf(accessToken) {
    const request = new Request('https://api.example/licenses/1', {
        headers: {authorization: `Bearer ${accessToken}`},
    });
    return oauth.validateJwtAccessToken(await discovered(), request, audience, plainHttp);
}

for await (const line of createInterface({input: process.stdin})) {
    let answer;
    try {
        const request = JSON.parse(line);
        const key = await importPKCS8(request.privateKey, request.algorithm);
        const exchange = request.library === 'openid-client' ? withOpenidClient : withOauth4webapi;
        const {access_token: accessToken, scope} = await exchange(request, key);
        answer = {ok: true, accessToken, scope, claims: await claimsOf(accessToken)};
    } catch (error) {
        answer = {ok: false, code: error.code ?? error.message, error: error.error};
    }
    console.log(JSON.stringify(answer));
}
