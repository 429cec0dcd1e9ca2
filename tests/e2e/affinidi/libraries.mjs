// Affinidi's libraries, unmodified: what they do with our server, one line of JSON in, one out.
import {createInterface} from 'node:readline';
import authProvider from '@affinidi-tdk/auth-provider';
import iam from '@affinidi-tdk/iam-client';

const [gateway] = process.argv.slice(2);
const tokenEndpoint = gateway + '/auth/oauth2/token';
const providers = new Map();

function configuration(apiKey) {
    return new iam.Configuration({apiKey, basePath: gateway + '/iam'});
}

const actions = {
    // The object that the command line printed is taken as it is.
    make({name, fields}) {
        providers.set(name, new authProvider.AuthProvider({apiGatewayUrl: gateway, tokenEndpoint, ...fields}));
        return true;
    },
    fetch: ({name}) => providers.get(name).fetchProjectScopedToken(),
    // As if the hour were over.
    forget({name}) {
        providers.get(name).projectScopedToken = '';
        return true;
    },
    iotaToken: ({name}) => providers.get(name).createIotaToken('configuration', 'did:web:example.com'),
    // With the provider of a name, or with a session's secret: both as iam-client sends them.
    async iam({api, method, args = [], name, secret}) {
        const key = secret ?? (() => providers.get(name).fetchProjectScopedToken());
        const {status, data} = await new iam[api](configuration(key))[method](...args);
        return {status, data};
    },
};

for await (const line of createInterface({input: process.stdin})) {
    const {do: action, ...rest} = JSON.parse(line);
    let answer;
    try {
        answer = {ok: true, result: await actions[action](rest)};
    } catch (failure) {
        answer = {ok: false, error: String(failure.message), name: failure.name, status: failure.response?.status,
                  body: failure.response?.data ?? null};
    }
    console.log(JSON.stringify(answer));
}
