// How soon the list of tokens is there, and how it scrolls, in Debian's Chromium: bench/portal.py
// starts the server and says where.
//     node portal.mjs URL EMAIL PASSWORD COUNT ROUNDS
import {createRequire} from 'node:module';
import path from 'node:path';

const require = createRequire(path.resolve(import.meta.dirname, '../tests/e2e/package.json'));
const {chromium} = require('playwright-core');
const [url, email, password, count, rounds] = process.argv.slice(2);
const kList = '/developer/access-tokens';

const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const round = (value) => Math.round(value * 10) / 10;

// In the page: when the browser had painted something, and when the first row.
function watchPaint() {
    const look = () => {
        if (!document.querySelector('tbody th[scope=row]')) return requestAnimationFrame(look);
        // The frame after the next one begins when that one was painted.
        return requestAnimationFrame(() => requestAnimationFrame(() => {
            window.rowsPaintedAt = performance.now();
        }));
    };
    requestAnimationFrame(look);
}

async function timesOf(page) {
    await page.goto(url + kList);
    await page.waitForFunction(() => window.rowsPaintedAt);
    return page.evaluate(() => ({
        first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, rows: window.rowsPaintedAt,
    }));
}

// A hand on the wheel: 300 frames of so many pixels each.
async function scrollThrough(page, pixels) {
    const meter = await page.context().newCDPSession(page);
    // Time of the page's main thread on a core: what others do on the machine does not count.
    await meter.send('Performance.enable', {timeDomain: 'threadTicks'});
    const busy = async () => (await meter.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
    const before = await busy();
    const frames = await framesOf(page, pixels);
    return {...frames, mainThreadMsPerFrame: (await busy() - before) * 1000 / 300};
}

function framesOf(page, pixels) {
    return page.evaluate(async (step) => {
        const frames = [];
        scrollTo(0, 0);
        await new Promise(requestAnimationFrame);
        let last = performance.now();
        for (let at = 0; at < step * 300; at += step) {
            scrollTo(0, at);
            await new Promise(requestAnimationFrame);
            frames.push(performance.now() - last);
            last = performance.now();
        }
        frames.sort((a, b) => a - b);
        return {median: frames[150], p95: frames[285], worst: frames[299], late: frames.filter((ms) => ms > 34).length};
    }, pixels);
}

const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu']});
try {
    const context = await browser.newContext({viewport: {width: 1280, height: 900}});
    const page = await context.newPage();
    await page.goto(url + '/login?next=' + kList);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', {exact: true}).fill(password);
    await page.getByRole('button', {name: 'Log in'}).click();
    await page.getByRole('rowheader').first().waitFor();
    const storageState = await context.storageState();
    await page.addInitScript(watchPaint);
    const warm = [];
    const cold = [];
    for (let n = 0; n < Number(rounds); ++n) {
        warm.push(await timesOf(page));
        const fresh = await browser.newContext({viewport: {width: 1280, height: 900}, storageState});
        const first = await fresh.newPage();
        await first.addInitScript(watchPaint);
        cold.push(await timesOf(first));
        await fresh.close();
    }
    // A short list says nothing of its length: its rows are all there.
    const loaded = () => page.locator('table').evaluate((table) => table.hasAttribute('aria-rowcount')
        ? Number(table.getAttribute('aria-rowcount')) - 1 : table.querySelectorAll('tbody th[scope=row]').length);
    const start = performance.now();
    while (await loaded() < Number(count)) await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    const all = performance.now() - start;
    const result = {tokens: await loaded(), allReadMs: Math.round(all)};
    for (const [name, times] of [['cold', cold], ['warm', warm]]) {
        result[name] = {firstPaintMs: round(middle(times.map((one) => one.first))), rowsPaintedMs: round(middle(times.map((one) => one.rows))),
            slowestMs: round(Math.max(...times.map((one) => one.rows)))};
    }
    for (const [name, pixels] of [['wheel', 100], ['fling', 1900]]) {
        const seen = await scrollThrough(page, pixels);
        result[name] = Object.fromEntries(Object.entries(seen).map(([what, value]) => [what, round(value)]));
    }
    result.elements = await page.evaluate(() => document.getElementsByTagName('*').length);
    console.log(JSON.stringify(result, null, 2));
} finally {
    await browser.close();
}
