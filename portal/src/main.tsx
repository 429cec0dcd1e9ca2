import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App} from './app';
import {client, fetchMe} from './lib/client';
import {forgetEarly} from './lib/early';
import {preferredLanguage, setLanguage} from './lib/i18n';
import {kTokens} from './lib/tokens';
import {loadPage} from './addresses';
import {prefetchTokens} from './pages/token-list';
import './styles.css';

// The browser may keep the page as it is and show it again on "back", after a log out too.
addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
});
addEventListener('pagehide', (event) => {
    if (event.persisted) document.getElementById('root')?.replaceChildren();
});

// The list is asked for together with who one is, not after it.
function firstAnswers(path: string): Promise<unknown>[] {
    if (/^\/(login|setup|invite)$/.test(path)) return [];
    const answers = [client.prefetchQuery({queryKey: ['me'], queryFn: fetchMe, retry: false})];
    if (path === kTokens) answers.push(prefetchTokens(''));
    if (path === '/access/tokens') answers.push(prefetchTokens('all'));
    return answers;
}

// Answers that are nearly here are waited for, so that the page is drawn once and not three times.
function nearly(answers: Promise<unknown>[]) {
    return Promise.race([Promise.all(answers), new Promise((resolve) => setTimeout(resolve, 100))]);
}

const place = document.getElementById('root');
if (place) {
    const path = location.pathname;
    const answers = firstAnswers(path);
    forgetEarly();
    void Promise.all([setLanguage(preferredLanguage()), loadPage(path), nearly(answers)]).then(() => {
        createRoot(place).render(<StrictMode><App/></StrictMode>);
    });
}
