import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App} from './app';
import {preferredLanguage, setLanguage} from './lib/i18n';
import './styles.css';

// The browser may keep the page as it is and show it again on "back", after a log out too.
addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
});
addEventListener('pagehide', (event) => {
    if (event.persisted) document.getElementById('root')?.replaceChildren();
});

const place = document.getElementById('root');
if (place) {
    void setLanguage(preferredLanguage()).then(() => {
        createRoot(place).render(<StrictMode><App/></StrictMode>);
    });
}
