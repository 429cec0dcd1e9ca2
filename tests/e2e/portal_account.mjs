// How people get into the portal: invitations, the second factor, the password once more.
//     node portal_account.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {becomes, input, isAccessible, logIn, matches, run, watchedPage} from './browser.mjs';

const button = (page, name) => page.getByRole('button', {name, exact: true});
const field = (page, name) => page.getByLabel(name, {exact: true});

async function photograph(page, name) {
    if (!input.shots) return;
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
        await page.screenshot({path: `${input.shots}/${name}-${colorScheme}.png`});
    }
}

async function isInside(page) {
    await page.getByRole('button', {name: /^Account of /}).waitFor();
}

async function open(browser, path, options) {
    const page = await watchedPage(browser, options);
    await logIn(page, input.password, '/login?next=' + encodeURIComponent(path));
    await isInside(page);
    return page;
}

// RFC 6238, as an authenticator does it.
function codeOf(secret, at) {
    let bits = '';
    for (const letter of secret) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
    const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(at / 30)));
    const mac = createHmac('sha1', key).update(counter).digest();
    const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
    return String(number % 1000000).padStart(6, '0');
}

// One that was not used: the next step's is taken as well, for a clock may be off by one.
function authenticator(secret) {
    let last = 0;
    return async () => {
        const step = Math.max(Math.floor(Date.now() / 30000), last + 1);
        while (step > Math.floor(Date.now() / 30000) + 1) await new Promise((next) => setTimeout(next, 500));
        last = step;
        return codeOf(secret, step * 30);
    };
}

// The ten codes, as soon as something else is on the clipboard than before.
async function copied(page, before) {
    const read = () => page.evaluate(() => navigator.clipboard.readText());
    await becomes(async () => {
        const text = await read();
        return text !== before && new Set(text.split('\n')).size;
    }, 10, 'the codes on the clipboard');
    return (await read()).split('\n');
}

const kScenarios = {
    // An administrator makes a link; a person opens it, chooses a password, and is in.
    async invite(browser) {
        const admin = await open(browser, '/access/users');
        await button(admin, 'New user').click();
        const dialog = admin.getByRole('dialog', {name: 'New user'});
        await dialog.getByLabel('E-mail').fill('grace@example.com');
        await dialog.getByLabel('Name').fill('Grace Hopper');
        await isAccessible(admin, 'a new user by a link');
        await button(admin, 'Create user').click();
        await admin.getByRole('dialog', {name: 'Invitation of Grace Hopper'}).waitFor();
        await isAccessible(admin, 'the link of an invitation');
        await photograph(admin, 'invitation');
        const link = await field(admin, 'Link').inputValue();
        assert.match(link, /\/invite#lki_[0-9A-Za-z]{40}$/);
        await button(admin, 'Done').click();
        await admin.getByText('A link waits to be used').waitFor();
        await admin.getByText('Invited', {exact: true}).first().waitFor();
        await isAccessible(admin, 'the page of an invited user');

        const asked = [];
        const guest = await watchedPage(browser);
        guest.on('request', (request) => asked.push(request.url() + (request.headers().referer ?? '')));
        await guest.goto(link);
        await guest.getByText('Choose a password for grace@example.com.').waitFor();
        assert.equal(new URL(guest.url()).hash, '');
        assert.equal(asked.some((url) => url.includes('lki_') && !url.includes('#lki_')), false);
        await isAccessible(guest, 'an invitation');
        await photograph(guest, 'invite');
        await guest.getByText('Show as command').click();
        await field(guest, 'Password').fill('some secret words');
        await becomes(() => field(guest, 'curl').textContent(),
            `curl -X POST ${input.url}/v1/invites/accept \\\n  -H "Content-Type: application/json" \\\n  -d @invite.json`, 'the command');
        await guest.getByText('code, password, name').waitFor();
        await isAccessible(guest, 'an invitation with its command');
        await field(guest, 'Password').fill('short');
        await button(guest, 'Set password and log in').click();
        await guest.getByText('Enter a password of at least 8 characters.').first().waitFor();
        await field(guest, 'Password').fill('password1');
        await button(guest, 'Set password and log in').click();
        await guest.getByText(/most used/).first().waitFor();
        await field(guest, 'Password').fill('some other plain words');
        await button(guest, 'Set password and log in').click();
        await isInside(guest);
        const traces = await guest.evaluate(() =>
            JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, location.href]));
        assert.equal(traces.includes('lki_'), false);

        const late = await watchedPage(browser);
        await late.goto(link);
        await late.getByText('This invitation does not work').waitFor();
        await isAccessible(late, 'an invitation that was used');
        await late.goto('/invite');
        await late.getByText('Open the whole link').waitFor();
    },

    // Turned on with the code of an authenticator, asked for at the login, and turned off.
    async factor(browser) {
        const page = await open(browser, '/account', {permissions: ['clipboard-read', 'clipboard-write']});
        await isAccessible(page, 'the account');
        await button(page, 'Turn on…').click();
        await page.getByRole('img', {name: 'QR code for your authenticator'}).waitFor();
        const secret = await page.getByLabel('Secret for the authenticator', {exact: true}).textContent();
        assert.match(secret, /^[A-Z2-7]{32}$/);
        await isAccessible(page, 'turning on the second factor');
        await photograph(page, 'second-factor');
        const next = authenticator(secret);
        await field(page, 'Code').fill('000000');
        await button(page, 'Turn on').click();
        await page.getByText('The code is wrong, or was used already').first().waitFor();
        await field(page, 'Code').fill(await next());
        await button(page, 'Turn on').click();
        const codes = page.getByRole('dialog', {name: 'The second factor is on'});
        await codes.waitFor();
        await isAccessible(page, 'the recovery codes');
        await page.keyboard.press('Escape');
        await page.getByText('Have you saved the codes?').waitFor();
        await button(page, 'Copy the codes').click();
        const recovery = await copied(page, '');
        for (const one of recovery) assert.match(one, /^[2-9a-hjkmnp-z]{5}-[2-9a-hjkmnp-z]{5}$/);
        await button(page, 'Done').click();
        await codes.waitFor({state: 'detached'});
        await page.getByText('10 are left').waitFor();
        assert.equal((await page.content()).includes(recovery[0]), false);
        assert.equal((await page.content()).includes(secret), false);
        await isAccessible(page, 'the account with a second factor');

        const visitor = await watchedPage(browser);
        await visitor.goto('/login');
        await visitor.getByText('Show as command').click();
        await field(visitor, 'E-mail').fill('ada@example.com');
        await field(visitor, 'Password').fill(input.password);
        await becomes(() => field(visitor, 'Command').textContent(), `latchkey login --server ${input.url} --email ada@example.com`, 'the command');
        await visitor.getByText('curl', {exact: true}).click();
        await matches(field(visitor, 'curl').last(), /-d @login\.json$/);
        assert.equal((await visitor.locator('main').innerText()).includes(input.password), false);
        await isAccessible(visitor, 'the login with its command');
        await logIn(visitor);
        await visitor.getByRole('heading', {name: 'One more step'}).waitFor();
        await isAccessible(visitor, 'the second step of the login');
        await photograph(visitor, 'login-code');
        await field(visitor, 'Code').fill('000000');
        await button(visitor, 'Log in').click();
        await visitor.getByText('The code is wrong, or was used already').first().waitFor();
        await field(visitor, 'Code').fill(await next());
        await button(visitor, 'Log in').click();
        await isInside(visitor);

        const lost = await watchedPage(browser);
        await logIn(lost);
        await button(lost, 'Use a recovery code').click();
        await field(lost, 'Recovery code').fill(recovery[0].toUpperCase());
        await button(lost, 'Log in').click();
        await isInside(lost);

        await page.reload();
        await page.getByText('9 are left').waitFor();
        await button(page, 'New codes…').click();
        await field(page, 'Password').fill(input.password);
        await button(page, 'Use a recovery code').click();
        await field(page, 'Recovery code').fill(recovery[1]);
        await button(page, 'Make new codes').click();
        await page.getByRole('dialog', {name: 'Your new recovery codes'}).waitFor();
        await button(page, 'Copy the codes').click();
        const fresh = await copied(page, recovery.join('\n'));
        await button(page, 'Done').click();
        await page.getByText('10 are left').waitFor();

        await button(page, 'Turn off…').click();
        await field(page, 'Password').fill(input.password);
        await button(page, 'Use a recovery code').click();
        await field(page, 'Recovery code').fill(recovery[2]); // void by now
        await button(page, 'Turn off').click();
        await page.getByText('The code is wrong, or was used already').first().waitFor();
        await isAccessible(page, 'turning off the second factor');
        await field(page, 'Recovery code').fill(fresh[0]);
        await button(page, 'Turn off').click();
        await button(page, 'Turn on…').waitFor();
        const again = await watchedPage(browser);
        await logIn(again);
        await isInside(again);
    },

    // In a session that was left open the password is asked for, and the work goes on by itself.
    async stepUp(browser) {
        const page = await watchedPage(browser);
        await page.context().addCookies([{name: 'latchkey_session', value: input.cookie, url: input.url}]);
        await page.goto('/access/users');
        await isInside(page);
        const other = await page.context().newPage();
        await other.goto('/account');
        await button(page, 'New user').click();
        const dialog = page.getByRole('dialog', {name: 'New user'});
        await dialog.getByLabel('E-mail').fill('grace@example.com');
        await button(page, 'Create user').click();
        const asks = page.getByRole('dialog', {name: 'Your password once more'});
        await asks.waitFor();
        await isAccessible(page, 'the password once more');
        await photograph(page, 'step-up');
        await page.keyboard.press('Escape');
        await asks.waitFor({state: 'detached'});
        assert.equal(await dialog.getByLabel('E-mail').inputValue(), 'grace@example.com', 'what was typed is kept');
        await button(page, 'Create user').click();
        await field(asks, 'Password').fill('not the password');
        await button(page, 'Confirm').click();
        await asks.getByText('The password is wrong.').first().waitFor();
        await field(asks, 'Password').fill(input.password);
        await button(page, 'Confirm').click();
        await page.getByRole('dialog', {name: 'Invitation of grace@example.com'}).waitFor();
        await button(page, 'Done').click();
        // For ten minutes it is not asked again; and the other tab goes on, too.
        await button(page, 'New link…').click();
        await button(page, 'Make link').click();
        await page.getByRole('dialog', {name: 'Invitation of grace@example.com'}).waitFor();
        await other.getByRole('button', {name: 'Change password…'}).click();
        await other.getByLabel('Password until now', {exact: true}).fill(input.password);
        await other.getByLabel('New password', {exact: true}).fill('some other plain words');
        await other.getByText('Show as command').click();
        await matches(field(other, 'curl'), /v1\/account\/password[^]*latchkey-session[^]*-d @change\.json$/);
        const command = await field(other, 'curl').textContent();
        assert.equal(/plain words|some/.test(command) || command.includes(input.password), false);
        await isAccessible(other, 'a change of the password with its command');
        await other.getByRole('button', {name: 'Change password', exact: true}).click();
        await other.getByText('Password changed').first().waitFor();
        await other.getByText('this one', {exact: true}).waitFor();
        const visitor = await watchedPage(browser);
        await logIn(visitor, 'some other plain words');
        await isInside(visitor);
    },
};

await run(kScenarios);
