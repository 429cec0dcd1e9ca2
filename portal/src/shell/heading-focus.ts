// After a change of page the focus goes to its heading, as after a load. Not when somebody was
// quicker: a dialog or a menu that is open by then keeps it, and so does a field of the page.
import {useEffect, useState} from 'react';
import {isOverlaid} from '../ui/overlay';

function focusHeading() {
    const main = document.getElementById('main');
    const heading = main?.querySelector('h1');
    if (!main || !heading) return false;
    const isUsed = main !== document.activeElement && main.contains(document.activeElement);
    if (!isUsed && !isOverlaid()) heading.focus({preventScroll: true});
    return true;
}

// The heading may come late, with the file of its page or what the server says. Who presses
// something meanwhile has begun, and is not interrupted any more.
function focusWhenThere() {
    const observer = new MutationObserver(() => { if (focusHeading()) stop(); });
    const onInput = (event: Event) => { if (!(event instanceof KeyboardEvent && event.repeat)) stop(); };
    function stop() {
        clearTimeout(timer);
        observer.disconnect();
        removeEventListener('keydown', onInput, true);
        removeEventListener('pointerdown', onInput, true);
    }
    // A dialog that closes with the page gives its focus back first.
    const timer = setTimeout(() => {
        if (focusHeading()) stop();
        else observer.observe(document.body, {childList: true, subtree: true});
    }, 50);
    addEventListener('keydown', onInput, true);
    addEventListener('pointerdown', onInput, true);
    return stop;
}

export function useFocusOnNavigation(path: string) {
    const [first, setFirst] = useState(path);
    useEffect(() => {
        if (path === first) return;
        setFirst('');
        scrollTo(0, 0);
        return focusWhenThere();
    }, [path, first]);
}
