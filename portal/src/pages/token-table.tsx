// The rows of a list of tokens. Of a long list only those near the screen are drawn.
import {memo, type ReactNode, useCallback, useEffect, useRef, useState} from 'react';
import {Link} from 'wouter';
import {useUserNames} from '../lib/client';
import type {Column} from '../lib/columns';
import {number, t} from '../lib/i18n';
import {expiresSoon, kindText, kTokens, stateWords} from '../lib/tokens';
import type {Token} from '../lib/types';
import {useWindowed} from '../lib/windowed';
import {Badge, ScopeTag, Time} from '../ui/bits';
import {IconButton} from '../ui/button';
import {MenuAt} from '../ui/menu';
import {Sparkline} from '../ui/sparkline';
import {actionsOf, type Wish} from './token-actions';

export function StateBadge({token, narrow}: {token: Token; narrow?: boolean}) {
    const words = stateWords(token);
    return (
        <Badge tone={words.tone} icon={words.icon} title={words.why + (words.remedy ? ' ' + words.remedy : '')}>
            <span className={narrow ? 'max-sm:sr-only' : ''}>{words.text}</span>
        </Badge>
    );
}

function ScopeList({scopes, most = 2}: {scopes: string[] | null; most?: number}) {
    if (scopes === null) return <span className="text-quiet">{t('By policy')}</span>;
    if (scopes.length === 0) return <span className="text-quiet">{t('None')}</span>;
    const rest = scopes.slice(most);
    return (
        <span className="flex flex-wrap items-center gap-1">
            {scopes.slice(0, most).map((scope) => <ScopeTag key={scope} short>{scope}</ScopeTag>)}
            {rest.length > 0 && (
                <span className="text-xs text-quiet" title={rest.join('\n')}>+{number(rest.length)}</span>
            )}
        </span>
    );
}

function NameCell({token}: {token: Token}) {
    return (
        <>
            <Link href={kTokens + '/' + token.id} className="rounded font-medium hover:text-accent">
                <bdi>{token.name}</bdi>
            </Link>
            {token.description && (
                <p dir="auto" className="line-clamp-1 w-fit max-w-80 text-xs break-all text-quiet">{token.description}</p>
            )}
        </>
    );
}

function LastUsed({token}: {token: Token}) {
    return (
        <span className="flex items-center gap-2.5">
            {token.uses7d && <span className="max-lg:hidden"><Sparkline values={token.uses7d}/></span>}
            <Time at={token.lastUsedAt} never={t('Never used')}/>
        </span>
    );
}

function Expires({token}: {token: Token}) {
    if (!token.expiresAt) return <span className="text-quiet">{t('Never')}</span>;
    return <span className={expiresSoon(token) ? 'text-warn' : ''}><Time at={token.expiresAt}/></span>;
}

function OwnerName({id}: {id: string}) {
    const names = useUserNames();
    return (
        <Link href={'/access/users/' + id} className="block max-w-40 truncate rounded hover:text-accent">
            <bdi>{names(id)}</bdi>
        </Link>
    );
}

export function columnText(column: Column) {
    switch (column) {
        case 'owner': return t('Owner');
        case 'state': return t('State');
        case 'scopes': return t('Scopes');
        case 'api': return t('API');
        case 'kind': return t('Kind');
        case 'created': return t('Created');
        case 'used': return t('Last used');
        case 'expires': return t('Expires');
    }
}

function cellOf(column: Column, token: Token): ReactNode {
    switch (column) {
        case 'owner': return <OwnerName id={token.owner}/>;
        case 'state': return <StateBadge token={token} narrow/>;
        case 'scopes': return <ScopeList scopes={token.scopes}/>;
        case 'api': return <span className="whitespace-nowrap text-quiet">{token.api}</span>;
        case 'kind': return <span className="whitespace-nowrap text-quiet">{kindText(token.kind)}</span>;
        case 'created': return <Time at={token.createdAt}/>;
        case 'used': return <LastUsed token={token}/>;
        case 'expires': return <Expires token={token}/>;
    }
}

// On narrow screens the less needed columns go, whatever is chosen.
const kNarrow: Record<Column, string> = {
    owner: ' max-md:hidden', state: '', scopes: ' max-xl:hidden', api: ' max-lg:hidden', kind: ' max-lg:hidden',
    created: ' max-lg:hidden', used: ' max-md:hidden', expires: ' max-sm:hidden',
};
const kRowHeight = 58;

interface RowProps {
    token: Token;
    index: number; // in a long list, else -1
    isChosen: boolean;
    columns: Column[];
    hasMenu: boolean;
    onToggle: (id: string) => void;
    onMenu: (menu: OpenMenu) => void;
}

interface OpenMenu {
    token: Token;
    anchor: HTMLElement;
}

// Drawn again only when something of its own changes, not when the list scrolls. Its name is the
// header of the row.
const Row = memo(function Row({token, index, isChosen, columns, hasMenu, onToggle, onMenu}: RowProps) {
    return (
        <tr aria-rowindex={index < 0 ? undefined : index + 2}
            className={'border-b border-line last:border-0 ' + (isChosen ? 'bg-accent-wash/60' : 'hover:bg-sunken/60')}>
            <td className="td w-10 ps-5 pe-0 max-sm:hidden">
                <input type="checkbox" className="block size-4" aria-label={t('Choose {name}', {name: token.name})}
                       disabled={token.state === 'revoked'} checked={isChosen} onChange={() => onToggle(token.id)}/>
            </td>
            <th scope="row" className="td max-w-md min-w-36 text-start font-normal max-sm:ps-5"><NameCell token={token}/></th>
            {columns.map((column) => <td key={column} className={'td' + kNarrow[column]}>{cellOf(column, token)}</td>)}
            <td className="td w-12 pe-4 text-end">
                <IconButton label={t('Actions for {name}', {name: token.name})} icon="more" aria-haspopup="menu"
                            aria-expanded={hasMenu} onClick={(event) => onMenu({token, anchor: event.currentTarget})}/>
            </td>
        </tr>
    );
});

interface Props {
    tokens: Token[];
    columns: Column[];
    chosen: ReadonlySet<string>;
    onChoose: (chosen: ReadonlySet<string>) => void;
    onWish: (wish: Wish) => void;
}

export function TokenTable({tokens, columns, chosen, onChoose, onWish}: Props) {
    const latest = useRef(chosen);
    useEffect(() => {
        latest.current = chosen;
    }, [chosen]);
    const toggle = useCallback((id: string) => {
        const next = new Set(latest.current);
        if (!next.delete(id)) next.add(id);
        onChoose(next);
    }, [onChoose]);
    const [menu, setMenu] = useState<OpenMenu | null>(null); // one for all rows: a row is drawn often
    const body = useRef<HTMLTableSectionElement>(null);
    const isLong = tokens.length > 200;
    const {start, end} = useWindowed(body, tokens.length, kRowHeight, isLong);
    return (
        <div className="overflow-x-auto">
            <table className={'w-full ' + (isLong ? 'long-table' : '')} aria-rowcount={isLong ? tokens.length + 1 : undefined}>
                <thead>
                    <tr className="border-b border-line">
                        <th scope="col" className="th w-10 ps-5 pe-0 max-sm:hidden">
                            <ChooseAll tokens={tokens} chosen={chosen} onChoose={onChoose}/>
                        </th>
                        <th scope="col" className="th max-sm:ps-5">{t('Name')}</th>
                        {columns.map((column) => (
                            <th key={column} scope="col" className={'th' + kNarrow[column]}>{columnText(column)}</th>
                        ))}
                        <th scope="col" className="th w-12"><span className="sr-only">{t('Actions')}</span></th>
                    </tr>
                </thead>
                <tbody ref={body}>
                    <Gap rows={start}/>
                    {tokens.slice(start, end).map((token, index) => (
                        <Row key={token.id} token={token} index={isLong ? start + index : -1} isChosen={chosen.has(token.id)}
                             columns={columns} hasMenu={menu?.token.id === token.id} onToggle={toggle} onMenu={setMenu}/>
                    ))}
                    <Gap rows={tokens.length - end}/>
                </tbody>
            </table>
            <MenuAt anchor={menu?.anchor ?? null} label={menu ? t('Actions for {name}', {name: menu.token.name}) : ''}
                    entries={menu ? actionsOf(menu.token, onWish) : []} onClose={() => setMenu(null)}/>
        </div>
    );
}

const ChooseAll = memo(function ChooseAll({tokens, chosen, onChoose}: Pick<Props, 'tokens' | 'chosen' | 'onChoose'>) {
    const choosable = tokens.filter((token) => token.state !== 'revoked');
    const isAll = choosable.length > 0 && choosable.every((token) => chosen.has(token.id));
    return (
        <input type="checkbox" className="block size-4" aria-label={t('Choose all')} checked={isAll}
               ref={(box) => { if (box) box.indeterminate = chosen.size > 0 && !isAll; }}
               onChange={() => onChoose(new Set(isAll ? [] : choosable.map((token) => token.id)))}/>
    );
});

// Stands for the rows that are too far away to be drawn.
function Gap({rows}: {rows: number}) {
    return rows > 0 ? <tr aria-hidden="true" style={{height: rows * kRowHeight}}><td colSpan={11}/></tr> : null;
}
