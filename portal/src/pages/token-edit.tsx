// Changing what a token is called, and its limits as far as the server lets.
import {type FormEvent, useState} from 'react';
import {call} from '../lib/api';
import {useRefresh} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {t} from '../lib/i18n';
import type {Token} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Button} from '../ui/button';
import {Modal} from '../ui/dialog';
import {TextArea, TextField} from '../ui/field';
import {errorOf, ErrorSummary, type FormTrouble, troubleOf} from '../ui/form';

export function EditToken({token, onClose}: {token: Token; onClose: () => void}) {
    const [name, setName] = useState(token.name);
    const [description, setDescription] = useState(token.description);
    const [addresses, setAddresses] = useState(token.allowedIps.join('\n'));
    const [trouble, setTrouble] = useState<FormTrouble | null>(null);
    const [busy, setBusy] = useState(false);
    const refresh = useRefresh();

    function changes() {
        const body: {name?: string; description?: string; allowedIps?: string[]} = {};
        if (name.trim() !== token.name) body.name = name.trim();
        if (description.trim() !== token.description) body.description = description.trim();
        const list = addresses.split(/[\s,]+/).filter(Boolean);
        if (list.join() !== token.allowedIps.join()) body.allowedIps = list;
        return body;
    }

    async function save(event: FormEvent) {
        event.preventDefault();
        if (busy) return;
        setBusy(true);
        try {
            await call('PATCH', '/v1/tokens/' + token.id, changes());
            await refresh('tokens', 'token');
            toast(t('Saved'));
            onClose();
        } catch (failure) {
            setTrouble(troubleOf(t('The change was not saved'), failure,
                {name: 'edit-name', description: 'edit-description', allowedIps: 'edit-addresses'}));
            setBusy(false);
        }
    }

    const body = changes();
    const command = cli('token update', token.id, ['-n', body.name], ['-d', body.description],
        ['--ip', body.allowedIps && (body.allowedIps.join(',') || 'none')]);
    return (
        <Modal open onClose={onClose} title={t('Edit token')}>
            <form onSubmit={(event) => void save(event)} noValidate className="flex flex-col gap-4">
                <ErrorSummary trouble={trouble}/>
                <TextField id="edit-name" label={t('Name')} value={name} maxLength={100} required
                           error={errorOf(trouble, 'edit-name')} onChange={(event) => setName(event.target.value)}/>
                <TextField id="edit-description" label={t('Description')} value={description} maxLength={500}
                           error={errorOf(trouble, 'edit-description')}
                           onChange={(event) => setDescription(event.target.value)}/>
                <TextArea id="edit-addresses" label={t('Allowed addresses')} rows={2} className="font-mono text-xs"
                          value={addresses} error={errorOf(trouble, 'edit-addresses')} spellCheck={false}
                          hint={t('One address or network a line. Empty: it works from everywhere.')}
                          onChange={(event) => setAddresses(event.target.value)}/>
                <div className="flex justify-end gap-2">
                    <Button onClick={onClose}>{t('Cancel')}</Button>
                    <Button type="submit" look="primary" busy={busy}>{t('Save')}</Button>
                </div>
                <ShowAs command={command} curl={curlOf('PATCH', '/v1/tokens/' + token.id, body)}/>
            </form>
        </Modal>
    );
}
