// Dialogs over Base UI: focus goes in, stays in, and comes back to where it was.
import {AlertDialog} from '@base-ui/react/alert-dialog';
import {Dialog} from '@base-ui/react/dialog';
import {type ReactNode, useRef} from 'react';
import {t} from '../lib/i18n';
import {Button, IconButton} from './button';
import {StepUpSlot} from './step-up';

const kBackdrop = 'fade fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px]';
const kBackdropWithin = 'fade fixed inset-0 z-50 bg-black/40'; // over the dialog that asks
const kViewport = 'fixed inset-0 z-50 flex items-start justify-center overflow-y-auto p-3 sm:p-6';
const kPopup = 'fade rise my-auto w-full rounded-2xl border border-line bg-raised ' +
    'shadow-2xl shadow-(color:--shadow) outline-none ';

export function Modal({open, onClose, title, description, children, width = 'max-w-lg', isInnermost}:
        {open: boolean; onClose: () => void; title: ReactNode; description?: ReactNode;
         children: ReactNode; width?: string; isInnermost?: boolean}) {
    const body = useRef<HTMLDivElement>(null);
    // The first field, not the cross: people come to type.
    const start = () => body.current?.querySelector<HTMLElement>('input:not([disabled]), select, textarea') ?? true;
    return (
        <Dialog.Root open={open} onOpenChange={(is) => { if (!is) onClose(); }}>
            <Dialog.Portal>
                <Dialog.Backdrop className={isInnermost ? kBackdropWithin : kBackdrop} forceRender={isInnermost}/>
                <Dialog.Viewport className={kViewport}>
                    <Dialog.Popup className={kPopup + width} initialFocus={start}>
                        <div className="flex items-start gap-4 px-5 pt-5">
                            <div className="min-w-0 flex-1">
                                <Dialog.Title className="text-base font-semibold">{title}</Dialog.Title>
                                {description && (
                                    <Dialog.Description render={<div/>} className="mt-1 text-quiet">
                                        {description}
                                    </Dialog.Description>
                                )}
                            </div>
                            <Dialog.Close render={<IconButton label={t('Close')} icon="cross"
                                                              className="-me-1.5 -mt-1"/>}/>
                        </div>
                        <div ref={body} className="p-5 pt-4">{children}</div>
                        {!isInnermost && <StepUpSlot/>}
                    </Dialog.Popup>
                </Dialog.Viewport>
            </Dialog.Portal>
        </Dialog.Root>
    );
}

// Asks before something that cannot be taken back; the focus starts on Cancel.
export function Confirm({open, onClose, title, children, action, busy, onConfirm, disabled}:
        {open: boolean; onClose: () => void; title: ReactNode; children: ReactNode; action: string;
         busy?: boolean; disabled?: boolean; onConfirm: () => void}) {
    const cancel = useRef<HTMLButtonElement>(null);
    return (
        <AlertDialog.Root open={open} onOpenChange={(is) => { if (!is && !busy) onClose(); }}>
            <AlertDialog.Portal>
                <AlertDialog.Backdrop className={kBackdrop}/>
                <AlertDialog.Viewport className={kViewport}>
                    <AlertDialog.Popup className={kPopup + 'max-w-md'} initialFocus={cancel}>
                        <div className="p-5 pb-4">
                            <AlertDialog.Title className="text-base font-semibold">{title}</AlertDialog.Title>
                            <AlertDialog.Description render={<div/>}
                                                     className="mt-2 flex flex-col gap-3 text-quiet">
                                {children}
                            </AlertDialog.Description>
                        </div>
                        <div className="flex flex-wrap justify-end gap-2 rounded-b-2xl border-t border-line
                                        bg-sunken px-5 py-3">
                            <AlertDialog.Close render={<Button ref={cancel}/>}>{t('Cancel')}</AlertDialog.Close>
                            <Button look="danger" busy={busy} disabled={disabled} onClick={onConfirm}>
                                {action}
                            </Button>
                        </div>
                        <StepUpSlot/>
                    </AlertDialog.Popup>
                </AlertDialog.Viewport>
            </AlertDialog.Portal>
        </AlertDialog.Root>
    );
}
