// What narrows a token further, out of the way until it is wanted; and the key of a key token.
import {type ChangeEvent, useState} from 'react';
import {useCan, useProjects} from '../lib/client';
import {addressesOf, type Draft} from '../lib/draft';
import {downloadText} from '../lib/copy';
import {isPrivateKey, privateKeyText} from '../lib/private-key';
import {t, tn} from '../lib/i18n';
import {Button} from '../ui/button';
import {Notice} from '../ui/feedback';
import {Checkbox, TextArea, TextField} from '../ui/field';
import {errorOf, type FormTrouble} from '../ui/form';
import {Icon} from '../ui/icons';

interface Props {
    draft: Draft;
    change: (changes: Partial<Draft>) => void;
}

export function Limits({draft, change, trouble}: Props & {trouble: FormTrouble | null}) {
    const can = useCan();
    const projects = useProjects();
    const list = can('project:read') ? projects.data ?? [] : [];
    const count = addressesOf(draft).length + draft.projects.length + (draft.rate ? 1 : 0);
    const toggle = (id: string) => change({
        projects: draft.projects.includes(id)
            ? draft.projects.filter((one) => one !== id) : [...draft.projects, id],
    });
    return (
        <details className="card group" open={count > 0 || undefined}>
            <summary className="flex min-h-12 items-center gap-2 rounded-xl px-5 py-2 font-medium cursor-pointer
                                list-none [&::-webkit-details-marker]:hidden">
                <Icon name="chevron" className="size-4 text-quiet transition-transform group-open:rotate-90
                                                rtl:rotate-180 rtl:group-open:rotate-90"/>
                {t('Limits')}
                <span className="font-normal text-quiet">
                    {count > 0 ? tn('{n} set', '{n} set', count) : t('addresses, projects')}
                </span>
            </summary>
            <div className="flex flex-col gap-4 px-5 pb-5">
                <TextArea id="token-addresses" label={t('Allowed addresses')} aside={t('optional')} rows={2}
                          className="font-mono text-xs" placeholder={'192.0.2.0/24\n2001:db8::/32'}
                          spellCheck={false} value={draft.addresses} error={errorOf(trouble, 'token-addresses')}
                          hint={t('One address or network a line. Empty: it works from everywhere.')}
                          onChange={(event) => change({addresses: event.target.value})}/>
                {list.length > 0 && (
                    <fieldset id="token-projects" tabIndex={-1}>
                        <legend className="mb-1.5 font-medium">{t('Projects')}</legend>
                        <p className="mb-2 text-xs text-quiet">
                            {t('It is added to these, with a policy that allows its scopes on every resource.')}
                        </p>
                        <div className="grid gap-1.5 sm:grid-cols-2">
                            {list.map((project) => (
                                <Checkbox key={project.id} label={<bdi>{project.name}</bdi>}
                                          checked={draft.projects.includes(project.id)}
                                          onChange={() => toggle(project.id)}/>
                            ))}
                        </div>
                    </fieldset>
                )}
                <Rate draft={draft} change={change}/>
            </div>
        </details>
    );
}

function Rate({draft, change}: Props) {
    const rate = draft.rate;
    return (
        <div className="flex flex-col gap-2">
            <Checkbox label={t('Limit how often it may be used')} checked={rate !== null}
                      onChange={(event) => change({rate: event.target.checked ? {requests: 100, seconds: 60} : null})}/>
            {rate && (
                <div className="grid gap-3 ps-6.5 sm:grid-cols-2">
                    <TextField label={t('Requests')} type="number" min={1} max={1000000} value={rate.requests}
                               onChange={(event) => change({rate: {...rate, requests: event.target.valueAsNumber || 1}})}/>
                    <TextField label={t('in seconds')} type="number" min={1} max={86400} value={rate.seconds}
                               onChange={(event) => change({rate: {...rate, seconds: event.target.valueAsNumber || 1}})}/>
                </div>
            )}
        </div>
    );
}

function pem(label: string, bytes: ArrayBuffer) {
    const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
    return `-----BEGIN ${label}-----\n${text.replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`;
}

// The private half is made here, handed over as a file, and never sent.
async function makePair(name: string): Promise<string> {
    const pair = await crypto.subtle.generateKey({name: 'ECDSA', namedCurve: 'P-256'}, true, ['sign', 'verify']);
    const secret = await crypto.subtle.exportKey('pkcs8', pair.privateKey);
    downloadText((name.trim().replace(/[^\w-]+/g, '-') || 'token') + '-private-key.pem', pem('PRIVATE KEY', secret));
    return pem('PUBLIC KEY', await crypto.subtle.exportKey('spki', pair.publicKey));
}

export function KeyField({draft, change, error}: Props & {error?: string}) {
    const [isMade, setMade] = useState(false);
    async function read(event: ChangeEvent<HTMLInputElement>) {
        const file = event.target.files?.[0];
        if (file && file.size <= 16384) change({keys: await file.text()});
    }
    return (
        <div className="flex flex-col gap-2">
            <TextArea id="token-keys" label={t('Public key')} rows={4} className="font-mono text-xs" spellCheck={false}
                      placeholder="-----BEGIN PUBLIC KEY-----" value={draft.keys} error={isPrivateKey(draft.keys) ? privateKeyText() : error}
                      hint={t('PEM, JWK or JWKS. Programs sign with the private half, which never leaves them.')}
                      onChange={(event) => change({keys: event.target.value})}/>
            <div className="flex flex-wrap items-center gap-2">
                <label className="inline-flex min-h-7 items-center rounded-lg border border-line px-2.5 text-[0.8125rem]
                                  font-medium hover:bg-hover has-focus-visible:outline-2 outline-accent">
                    {t('Choose a file')}
                    <input type="file" accept=".pem,.pub,.json,.jwk,.jwks" className="sr-only"
                           onChange={(event) => void read(event)}/>
                </label>
                {globalThis.isSecureContext && (
                    <Button size="small" icon="key" onClick={() => {
                        void makePair(draft.name).then((keys) => {
                            change({keys});
                            setMade(true);
                        });
                    }}>{t('Make a pair here')}</Button>
                )}
            </div>
            {isMade && (
                <Notice tone="warn" title={t('The private key was downloaded.')}>
                    {t('It exists only in that file. Keep it where you keep passwords.')}
                </Notice>
            )}
        </div>
    );
}
