// What can be done with tokens, and the questions before it: revoke, suspend, resume.
import {type ReactNode, useState} from 'react';
import {call} from '../lib/api';
import {useMe, useRefresh} from '../lib/client';
import {cli, curlOf} from '../lib/commands';
import {copyText} from '../lib/copy';
import {number, t, tn} from '../lib/i18n';
import {relative} from '../lib/time';
import {refreshTokens} from '../lib/token-cache';
import {kTokens, likeAddress} from '../lib/tokens';
import type {Token} from '../lib/types';
import {toast} from '../ui/announce';
import {ShowAs} from '../ui/as-command';
import {Confirm} from '../ui/dialog';
import {ProblemNotice} from '../ui/feedback';
import {TextField} from '../ui/field';
import type {MenuEntry} from '../ui/menu';

export interface Wish {
    what: 'revoke' | 'suspend' | 'resume';
    tokens: Token[];
}

export function actionsOf(token: Token, onWish: (wish: Wish) => void): (MenuEntry | null)[] {
    const isOver = token.state === 'revoked';
    const list: (MenuEntry | null)[] = [
        {text: t('Open'), icon: 'inspect', href: kTokens + '/' + token.id},
        {text: t('Copy the id'), icon: 'copy', act: () => {
            void copyText(token.id).then((done) => toast(done ? t('Copied') : t('Could not copy')));
        }},
        {text: t('New token like this'), icon: 'like', href: likeAddress(token)},
    ];
    if (isOver) return list;
    list.push(null);
    if (token.kind !== 'key' && token.state === 'active') {
        list.push({text: t('Rotate…'), icon: 'rotate', href: kTokens + '/' + token.id + '?ask=rotate'});
    }
    list.push(token.state === 'suspended'
        ? {text: t('Resume…'), icon: 'play', act: () => onWish({what: 'resume', tokens: [token]})}
        : {text: t('Suspend…'), icon: 'pause', act: () => onWish({what: 'suspend', tokens: [token]})});
    list.push({text: t('Revoke…'), icon: 'stop', danger: true, act: () => onWish({what: 'revoke', tokens: [token]})});
    return list;
}

function titleOf({what, tokens}: Wish) {
    const name = tokens[0]?.name ?? '';
    const n = tokens.length;
    if (what === 'revoke') return n === 1 ? t('Revoke {name}?', {name}) : tn('Revoke {n} token?', 'Revoke {n} tokens?', n);
    if (what === 'suspend') return n === 1 ? t('Suspend {name}?', {name}) : tn('Suspend {n} token?', 'Suspend {n} tokens?', n);
    return t('Resume {name}?', {name});
}

function effectOf({what, tokens}: Wish): ReactNode {
    const isOne = tokens.length === 1;
    switch (what) {
        case 'revoke':
            return isOne
                ? t('Every request with it fails from now on. This cannot be undone; to stop it for a while, suspend it.')
                : t('Every request with them fails from now on. This cannot be undone; to stop them for a while, suspend them.');
        case 'suspend': return t('Requests fail until you resume it. Nothing else is lost.');
        case 'resume': return t('Requests with it work again at once.');
    }
}

function actionText(wish: Wish) {
    if (wish.what === 'resume') return t('Resume token');
    if (wish.what === 'suspend') return wish.tokens.length === 1 ? t('Suspend token') : t('Suspend tokens');
    return wish.tokens.length === 1 ? t('Revoke token') : t('Revoke tokens');
}

function LastUse({token}: {token: Token}) {
    if (!token.lastUsedAt) return <p>{t('It was never used.')}</p>;
    return <p>{t('It was last used {when}.', {when: relative(token.lastUsedAt)})}</p>;
}

const kAtOnce = 6;

// Five at once are typed out, so that a slip of the hand stops nothing.
function needsTyping(wish: Wish) {
    return wish.what === 'revoke' && wish.tokens.length >= 5;
}

function AsCommands({wish: {what, tokens}, reason}: {wish: Wish; reason: string}) {
    const ids = tokens.map((token) => token.id);
    return <ShowAs command={cli('token ' + what, ...ids, ['--reason', reason])}
                   curl={ids.length === 1 ? curlOf('POST', `/v1/tokens/${ids[0]}/${what}`, reason ? {reason} : {}) : undefined}/>;
}

export function WishDialog({wish, onClose, onDone}:
        {wish: Wish | null; onClose: () => void; onDone?: () => void}) {
    const [busy, setBusy] = useState(false);
    const [reason, setReason] = useState('');
    const [typed, setTyped] = useState('');
    const [problem, setProblem] = useState<unknown>(null);
    const [last, setLast] = useState<Wish | null>(null);
    const [done, setDone] = useState(0);
    const {data: me} = useMe();
    const refresh = useRefresh();
    if (wish && wish !== last) setLast(wish);
    const shown = wish ?? last; // stays while the dialog fades
    if (!shown) return null;

    function close() {
        setProblem(null);
        setReason('');
        setTyped('');
        onClose();
    }

    async function act(asked: Wish) {
        setBusy(true);
        setProblem(null);
        const failed: unknown[] = [];
        const body = reason.trim() ? {reason: reason.trim()} : {};
        const queue = [...asked.tokens];
        const work = async (most: number) => {
            for (let n = 0; n < most; ++n) {
                const token = queue.shift();
                if (!token) return;
                await call('POST', `/v1/tokens/${token.id}/${asked.what}`, body).catch((failure: unknown) => failed.push(failure));
                setDone((count) => count + 1);
            }
        };
        setDone(0);
        await work(1); // what the server wants to know first, it asks once
        await Promise.all(Array.from({length: kAtOnce}, () => work(Infinity)));
        await Promise.all([refreshTokens(new Set(asked.tokens.map((token) => token.id)), me?.id ?? ''), refresh('token')]);
        setBusy(false);
        if (failed.length > 0) {
            setProblem(failed[0]);
            return;
        }
        toast({
            revoke: tn('{n} token revoked', '{n} tokens revoked', asked.tokens.length),
            suspend: tn('{n} token suspended', '{n} tokens suspended', asked.tokens.length),
            resume: tn('{n} token works again', '{n} tokens work again', asked.tokens.length),
        }[asked.what]);
        close();
        onDone?.();
    }

    const count = String(shown.tokens.length);
    return (
        <Confirm open={wish !== null} onClose={close} title={<bdi>{titleOf(shown)}</bdi>} action={actionText(shown)}
                 busy={busy} disabled={needsTyping(shown) && typed.trim() !== count}
                 onConfirm={() => void act(shown)}>
            {problem !== null && <ProblemNotice problem={problem}/>}
            {shown.tokens.length === 1 && shown.tokens[0] && <LastUse token={shown.tokens[0]}/>}
            {shown.tokens.length > 1 && (
                <ul className="max-h-32 list-disc overflow-y-auto ps-5" tabIndex={0} aria-label={t('Chosen tokens')}>
                    {shown.tokens.map((token) => <li key={token.id}><bdi>{token.name}</bdi></li>)}
                </ul>
            )}
            <p>{effectOf(shown)}</p>
            {shown.what !== 'resume' && (
                <TextField label={t('Reason')} aside={t('optional')} maxLength={200} value={reason}
                           hint={t('Shown beside the token and kept in the log.')}
                           onChange={(event) => setReason(event.target.value)}/>
            )}
            {needsTyping(shown) && (
                <TextField label={t('Type {n} to confirm', {n: count})} inputMode="numeric" value={typed}
                           autoComplete="off" onChange={(event) => setTyped(event.target.value)}/>
            )}
            {busy && shown.tokens.length > 1 && (
                <p role="status">{t('{n} of {all} done', {n: number(done), all: number(shown.tokens.length)})}</p>
            )}
            <AsCommands wish={shown} reason={reason.trim()}/>
        </Confirm>
    );
}
