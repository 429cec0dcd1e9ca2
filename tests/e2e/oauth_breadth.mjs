// OAuth's other endpoints with strict clients that we did not write: oauth4webapi for all of them,
// openid-client for the ones it has. One request a line on standard input, {do, …}; one JSON answer
// a line, {ok: true, …} or {ok: false, code, error}.
//     node oauth_breadth.mjs <issuer> <audience>
import {createInterface} from 'node:readline';
import {importPKCS8} from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

const [issuer, audience] = process.argv.slice(2);
const plainHttp = {[oauth.allowInsecureRequests]: true};
const server = await oauth.processDiscoveryResponse(
    new URL(issuer),
    await oauth.discoveryRequest(new URL(issuer), {algorithm: 'oauth2', ...plainHttp}));
const kExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const kAccessToken = 'urn:ietf:params:oauth:token-type:access_token';

function verifierOf(request) {
    return {client_id: request.verifierId};
}

const actions = {
    // RFC 7662, and RFC 9701 when asked to be signed.
    async introspect(request) {
        const verifier = verifierOf(request);
        const answer = await oauth.introspectionRequest(
            server, verifier, oauth.ClientSecretBasic(request.verifier), request.token,
            {requestJwtResponse: request.signed, ...plainHttp});
        const type = answer.headers.get('content-type');
        const result = await oauth.processIntrospectionResponse(server, verifier, answer);
        if (request.signed) await oauth.validateApplicationLevelSignature(server, answer, plainHttp);
        return {type, result};
    },

    async introspectByOpenidClient(request) {
        const configuration = await client.discovery(
            new URL(issuer), request.verifierId, undefined,
            client.ClientSecretBasic(request.verifier),
            {algorithm: 'oauth2', execute: [client.allowInsecureRequests]});
        return {result: await client.tokenIntrospection(configuration, request.token)};
    },

    // RFC 7009.
    async revoke(request) {
        const anybody = {client_id: 'anybody'};
        const answer = await oauth.revocationRequest(
            server, anybody, oauth.None(), request.token, plainHttp);
        await oauth.processRevocationResponse(answer);
        return {};
    },

    // RFC 8693, by who holds the token.
    async exchange(request) {
        const anybody = {client_id: 'anybody'};
        const answer = await oauth.genericTokenEndpointRequest(
            server, anybody, oauth.None(), kExchange,
            {subject_token: request.token, subject_token_type: kAccessToken, ...request.parameters},
            plainHttp);
        return {result: await oauth.processGenericTokenEndpointResponse(server, anybody, answer)};
    },

    // RFC 8628, in two steps: the codes, then the wait.
    async beginDevice() {
        const cli = {client_id: 'latchkey-cli'};
        const answer = await oauth.deviceAuthorizationRequest(
            server, cli, oauth.None(), {}, plainHttp);
        return {result: await oauth.processDeviceAuthorizationResponse(server, cli, answer)};
    },
    async pollDevice(request) {
        const cli = {client_id: 'latchkey-cli'};
        const answer = await oauth.deviceCodeGrantRequest(
            server, cli, oauth.None(), request.deviceCode, plainHttp);
        return {result: await oauth.processDeviceCodeResponse(server, cli, answer)};
    },

    // RFC 9728: from the challenge of a refused request to the authority.
    async discoverResource(request) {
        const resource = new URL(request.resource);
        const answer = await fetch(request.metadata);
        const found = await oauth.processResourceDiscoveryResponse(resource, answer);
        return {result: found};
    },

    // RFC 9126, 7636, 9207 and 6749 §4.1: the command line's login, by a client that is none.
    async codeLogin(request) {
        const client = {client_id: 'latchkey-cli'};
        const verifier = oauth.generateRandomCodeVerifier();
        const state = oauth.generateRandomState();
        const redirectUri = 'http://127.0.0.1:49152/callback';
        const pushed = await oauth.processPushedAuthorizationResponse(
            server, client, await oauth.pushedAuthorizationRequest(server, client, oauth.None(), {
                response_type: 'code', redirect_uri: redirectUri, state,
                code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
                code_challenge_method: 'S256',
            }, plainHttp));
        const page = new URL(server.authorization_endpoint);
        page.searchParams.set('request_uri', pushed.request_uri);
        const decided = await fetch(new URL('/v1/device/' + pushed.request_uri.split(':').pop(), issuer), {
            method: 'POST', body: JSON.stringify({approve: true, password: request.password}),
            headers: {authorization: `Bearer ${request.session}`, 'content-type': 'application/json'},
        });
        const {redirectUrl} = await decided.json();
        const brought = oauth.validateAuthResponse(server, client, new URL(redirectUrl), state);
        const got = await oauth.processAuthorizationCodeResponse(
            server, client, await oauth.authorizationCodeGrantRequest(
                server, client, oauth.None(), brought, redirectUri, verifier, plainHttp));
        return {
            page: (await fetch(page)).status, tokenType: got.token_type,
            accessToken: got.access_token,
        };
    },

    // RFC 9449 with the nonces that the server demands: a bound token, then its use.
    async dpop(request) {
        const key = await importPKCS8(request.privateKey, request.algorithm);
        const holder = {client_id: request.tokenId};
        const proofKey = await oauth.generateKeyPair(request.proofAlgorithm);
        const DPoP = oauth.DPoP(holder, proofKey);
        let nonces = 0;
        const withNonce = async (send) => {
            try {
                return await send();
            } catch (error) {
                if (!oauth.isDPoPNonceError(error)) throw error;
                ++nonces;
                return send();
            }
        };
        const got = await withNonce(async () => oauth.processClientCredentialsResponse(
            server, holder, await oauth.clientCredentialsGrantRequest(
                server, holder, oauth.PrivateKeyJwt({key, kid: request.keyId}),
                request.parameters, {DPoP, ...plainHttp})));
        const url = new URL(request.path, issuer);
        const use = () => oauth.protectedResourceRequest(
            got.access_token, 'GET', url, undefined, undefined, {DPoP, ...plainHttp});
        const used = await withNonce(use);
        const again = await use();
        const stolen = await fetch(url, {headers: {authorization: `Bearer ${got.access_token}`}});
        const protectedRequest = new Request('https://api.example/licenses/1', {
            headers: {authorization: `DPoP ${got.access_token}`, dpop: 'none'},
        });
        let refusedWithoutProof = false;
        try {
            await oauth.validateJwtAccessToken(server, protectedRequest, audience, plainHttp);
        } catch {
            refusedWithoutProof = true;
        }
        return {
            tokenType: got.token_type, accessToken: got.access_token, nonces,
            used: used.status, again: again.status, stolen: stolen.status,
            challenge: stolen.headers.get('www-authenticate'), refusedWithoutProof,
        };
    },
};

for await (const line of createInterface({input: process.stdin})) {
    let answer;
    try {
        const request = JSON.parse(line);
        answer = {ok: true, ...await actions[request.do](request)};
    } catch (error) {
        answer = {ok: false, code: error.code ?? error.message, error: error.error,
                  status: error.status};
    }
    console.log(JSON.stringify(answer));
}
