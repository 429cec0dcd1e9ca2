// What a person does when Affinidi's command line opens its page: logs in, sees what asks, decides,
// and is sent back to the command line. Run by affinidi_test.py.
import {input, logIn, run, troubles, watchedPage} from './browser.mjs';
import {button} from './portal_steps.mjs';

async function asked(browser) {
    const page = await watchedPage(browser);
    await logIn(page, input.password, input.path);
    await page.getByText('affinidi-cli', {exact: true}).waitFor();
    await page.getByText('127.0.0.1', {exact: true}).waitFor();
    return page;
}

// The page there is the command line's own: what it loads is not for us to say.
async function goesBack(page, words) {
    await page.waitForURL((url) => url.href.startsWith('http://127.0.0.1:64287/callback'));
    await page.getByText(words).first().waitFor();
    troubles.length = 0;
}

await run({
    async approve(browser) {
        const page = await asked(browser);
        await page.getByLabel('Password', {exact: true}).fill(input.password);
        await button(page, 'Approve').click();
        await goesBack(page, 'Logged in successfully');
    },
    async deny(browser) {
        const page = await asked(browser);
        await button(page, 'Deny').click();
        await goesBack(page, 'You have declined access to your data');
    },
});
