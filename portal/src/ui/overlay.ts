// What stands over the page and has the keyboard to itself. One that fades out has given it up:
// whoever is quick goes on before it is gone.
const kDialogs = '[role="dialog"]:not([data-closed]), [role="alertdialog"]:not([data-closed])';
const kMenus = '[role="menu"]:not([data-closed])';

export function isDialogOpen() {
    return document.querySelector(kDialogs) !== null;
}

export function isOverlaid() {
    return isDialogOpen() || document.querySelector(kMenus) !== null;
}
