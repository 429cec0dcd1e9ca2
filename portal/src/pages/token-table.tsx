import {
    createColumnHelper, rowSelectionFeature, type RowSelectionState, tableFeatures, useTable,
} from '@tanstack/react-table';
import {type ReactNode, useMemo, useRef} from 'react';
import {Link} from 'wouter';
import {useUserNames} from '../lib/client';
import {number, t} from '../lib/i18n';
import {expiresSoon, kTokens, stateWords} from '../lib/tokens';
import type {Token} from '../lib/types';
import {useWindowed} from '../lib/windowed';
import {Badge, ScopeTag, Time} from '../ui/bits';
import {IconButton} from '../ui/button';
import {Menu} from '../ui/menu';
import {Sparkline} from '../ui/sparkline';
import {actionsOf, type Wish} from './token-actions';

const features = tableFeatures({rowSelectionFeature});
const column = createColumnHelper<typeof features, Token>();

export function StateBadge({token, narrow}: {token: Token; narrow?: boolean}) {
    const words = stateWords(token);
    return (
        <Badge tone={words.tone} icon={words.icon} title={words.why + (words.remedy ? ' ' + words.remedy : '')}>
            <span className={narrow ? 'max-sm:sr-only' : ''}>{words.text}</span>
        </Badge>
    );
}

export function ScopeList({scopes, most = 2}: {scopes: string[] | null; most?: number}) {
    if (scopes === null) return <span className="text-quiet">{t('By policy')}</span>;
    if (scopes.length === 0) return <span className="text-quiet">{t('None')}</span>;
    const rest = scopes.slice(most);
    return (
        <span className="flex flex-wrap items-center gap-1">
            {scopes.slice(0, most).map((scope) => <ScopeTag key={scope}>{scope}</ScopeTag>)}
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
                <p className="line-clamp-1 max-w-80 text-xs break-all text-quiet"><bdi>{token.description}</bdi></p>
            )}
        </>
    );
}

function LastUsed({token}: {token: Token}) {
    return (
        <span className="flex items-center gap-2.5">
            {token.uses7d && <Sparkline values={token.uses7d}/>}
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
    return <Link href={'/access/users/' + id} className="block max-w-40 truncate rounded hover:text-accent"><bdi>{names(id)}</bdi></Link>;
}

const kRowHeight = 58;

interface Props {
    tokens: Token[];
    chosen: RowSelectionState;
    onChoose: (chosen: RowSelectionState) => void;
    onWish: (wish: Wish) => void;
    me: string;
    showOwner: boolean;
}

const kHidden = {choose: 'hidden sm:table-cell', owner: 'hidden md:table-cell', scopes: 'hidden xl:table-cell', used: 'hidden md:table-cell',
    expires: 'hidden sm:table-cell'} as Record<string, string>;

// The name is the header of its row; on narrow screens the less needed columns go.
export function TokenTable({tokens, chosen, onChoose, onWish, showOwner}: Props) {
    const columns = useMemo(() => column.columns([
        column.display({id: 'choose', cell: ({row}) => (
            <input type="checkbox" className="size-4" aria-label={t('Choose {name}', {name: row.original.name})}
                   disabled={row.original.state === 'revoked'} checked={row.getIsSelected()}
                   onChange={row.getToggleSelectedHandler()}/>
        )}),
        column.display({id: 'name', header: t('Name'), cell: ({row}) => <NameCell token={row.original}/>}),
        ...(showOwner ? [column.display({
            id: 'owner', header: t('Owner'), cell: ({row}) => <OwnerName id={row.original.owner}/>,
        })] : []),
        column.display({id: 'state', header: t('State'), cell: ({row}) => <StateBadge token={row.original} narrow/>}),
        column.display({id: 'scopes', header: t('Scopes'), cell: ({row}) => <ScopeList scopes={row.original.scopes}/>}),
        column.display({id: 'used', header: t('Last used'), cell: ({row}) => <LastUsed token={row.original}/>}),
        column.display({id: 'expires', header: t('Expires'), cell: ({row}) => <Expires token={row.original}/>}),
        column.display({id: 'actions', cell: ({row}) => (
            <Menu entries={actionsOf(row.original, onWish)}
                  trigger={<IconButton label={t('Actions for {name}', {name: row.original.name})} icon="more"/>}/>
        )}),
    ]), [showOwner, onWish]);
    const table = useTable({
        features, columns, data: tokens,
        getRowId: (token) => token.id,
        enableRowSelection: (row) => row.original.state !== 'revoked',
        state: {rowSelection: chosen},
        onRowSelectionChange: (update) => onChoose(typeof update === 'function' ? update(chosen) : update),
    });
    const body = useRef<HTMLTableSectionElement>(null);
    const rows = table.getRowModel().rows;
    const isLong = rows.length > 200;
    const {start, end} = useWindowed(body, rows.length, kRowHeight, isLong);
    return (
        <table className={'w-full ' + (isLong ? 'long-table' : '')} aria-rowcount={isLong ? rows.length + 1 : undefined}>
            <thead>
                <tr className="border-b border-line">
                    {table.getHeaderGroups()[0]?.headers.map((header) => (
                        <Head key={header.id} id={header.column.id}
                              all={table.getIsAllRowsSelected()} some={table.getIsSomeRowsSelected()}
                              onAll={() => table.toggleAllRowsSelected()}>
                            <table.FlexRender header={header}/>
                        </Head>
                    ))}
                </tr>
            </thead>
            <tbody ref={body}>
                <Gap rows={start}/>
                {rows.slice(start, end).map((row, index) => (
                    <tr key={row.id} aria-rowindex={isLong ? start + index + 2 : undefined} className="border-b border-line last:border-0 hover:bg-sunken/60
                                                has-[input:checked]:bg-accent-wash/60">
                        {row.getAllCells().map((cell) => cell.column.id === 'name'
                            ? (
                                <th key={cell.id} scope="row" className="td max-w-md text-start max-sm:ps-5 font-normal">
                                    <table.FlexRender cell={cell}/>
                                </th>
                            )
                            : (
                                <td key={cell.id} className={'td ' + (kHidden[cell.column.id] ?? '') +
                                    (cell.column.id === 'choose' ? ' w-10 ps-5 pe-0' : '') +
                                    (cell.column.id === 'actions' ? ' w-12 pe-4 text-end' : '')}>
                                    <table.FlexRender cell={cell}/>
                                </td>
                            ))}
                    </tr>
                ))}
                <Gap rows={rows.length - end}/>
            </tbody>
        </table>
    );
}

// Stands for the rows that are too far away to be drawn.
function Gap({rows}: {rows: number}) {
    return rows > 0 ? <tr aria-hidden="true" style={{height: rows * kRowHeight}}><td colSpan={8}/></tr> : null;
}

function Head({id, all, some, onAll, children}:
        {id: string; all: boolean; some: boolean; onAll: () => void; children: ReactNode}) {
    if (id === 'choose') {
        return (
            <th scope="col" className="th hidden w-10 ps-5 pe-0 sm:table-cell">
                <input type="checkbox" className="block size-4" aria-label={t('Choose all')} checked={all}
                       ref={(box) => { if (box) box.indeterminate = some && !all; }} onChange={onAll}/>
            </th>
        );
    }
    if (id === 'actions') return <th scope="col" className="th w-12"><span className="sr-only">{t('Actions')}</span></th>;
    return <th scope="col" className={'th ' + (kHidden[id] ?? '') + (id === 'name' ? ' max-sm:ps-5' : '')}>{children}</th>;
}
