// The steps that the scenarios in the portal share.
import {input, logIn, showsTokens, watchedPage} from './browser.mjs';

export const kTokens = '/developer/access-tokens';

export async function open(browser, options) {
    const page = await watchedPage(browser, options);
    await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
    await showsTokens(page);
    return page;
}

export const button = (page, name) => page.getByRole('button', {name, exact: true});

export async function fillForm(page, name, scopes) {
    await button(page, 'New token').click();
    await page.getByRole('heading', {name: 'New access token'}).waitFor();
    await page.getByLabel('Name', {exact: true}).fill(name);
    for (const scope of scopes) {
        await page.getByLabel('Search scopes').fill(scope);
        await page.getByRole('checkbox', {name: scope, exact: true}).check();
    }
    await page.getByLabel('Search scopes').fill('');
}

export async function create(page, name, scopes = ['account:read']) {
    await fillForm(page, name, scopes);
    await button(page, 'Create token').click();
    await page.getByRole('dialog', {name: 'Your new token'}).waitFor();
    return page.getByLabel('Secret', {exact: true}).inputValue();
}

export async function whoIs(secret) {
    const answer = await fetch(input.url + '/v1/tokens/self', {headers: {Authorization: 'Bearer ' + secret}});
    return {status: answer.status, body: await answer.json()};
}

export async function row(page, name) {
    const found = page.getByRole('row').filter({has: page.getByRole('rowheader', {name})});
    await found.waitFor();
    return found;
}

export async function chooseAction(page, name, action) {
    await button(page, 'Actions for ' + name).click();
    await page.getByRole('menuitem', {name: action}).click();
}

// Only what happens after the stream of events has begun is heard of.
export function hears(page) {
    return page.getByText('Live', {exact: true}).waitFor();
}

export async function photograph(page, name) {
    if (!input.shots) return;
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
        await page.screenshot({path: `${input.shots}/${name}-${colorScheme}.png`});
    }
}

// What a program elsewhere does with the administrator's leave.
let kept = '';
async function session() {
    if (kept) return kept;
    const answer = await fetch(input.url + '/v1/session', {
        method: 'POST', headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({email: input.email, password: input.password, kind: 'cli'}),
    });
    kept = (await answer.json()).session;
    return kept;
}

export async function call(method, path, body) {
    const answer = await fetch(input.url + path, {
        method, headers: {Authorization: 'Bearer ' + await session(), 'Content-Type': 'application/json'},
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    return answer.json();
}
