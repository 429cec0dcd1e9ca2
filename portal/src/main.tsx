import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App, loadPage} from './app';
import {client, fetchMe} from './lib/client';
import {preferredLanguage, setLanguage} from './lib/i18n';
import './styles.css';

// The browser may keep the page as it is and show it again on "back", after a log out too.
addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
});
addEventListener('pagehide', (event) => {
    if (event.persisted) document.getElementById('root')?.replaceChildren();
});

const isOutside = /^\/(login|setup|invite)$/.test(location.pathname);
if (!isOutside) {
    void client.prefetchQuery({queryKey: ['me'], queryFn: fetchMe, retry: false});
    loadPage(location.pathname);
}

const place = document.getElementById('root');
if (place) {
    void setLanguage(preferredLanguage()).then(() => {
        createRoot(place).render(<StrictMode><App/></StrictMode>);
    });
}
