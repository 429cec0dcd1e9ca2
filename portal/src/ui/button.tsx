import type {ComponentProps, ReactNode} from 'react';
import {Link} from 'wouter';
import {Icon, type IconName} from './icons';

type Look = 'primary' | 'plain' | 'quiet' | 'danger';
type Size = 'normal' | 'small';

const kLooks: Record<Look, string> = {
    primary: 'bg-accent-fill text-on-accent border-transparent shadow-xs ' +
        'hover:not-disabled:bg-accent-fill-hover',
    plain: 'bg-card text-ink border-line shadow-xs hover:not-disabled:bg-hover',
    quiet: 'border-transparent text-quiet hover:not-disabled:bg-hover hover:not-disabled:text-ink',
    danger: 'bg-bad-fill text-on-accent border-transparent shadow-xs ' +
        'hover:not-disabled:bg-bad-fill-hover',
};
const kSizes: Record<Size, string> = {
    normal: 'min-h-9 px-3.5 py-1.5',
    small: 'min-h-7 px-2.5 py-1 text-[0.8125rem]',
};
const kBase = 'inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium ' +
    'transition-colors select-none disabled:opacity-50 aria-disabled:opacity-60 ' +
    'disabled:cursor-not-allowed text-center ';

export function buttonClass(look: Look = 'plain', size: Size = 'normal') {
    return kBase + kLooks[look] + ' ' + kSizes[size];
}

interface ButtonProps extends ComponentProps<'button'> {
    look?: Look;
    size?: Size;
    icon?: IconName;
    busy?: boolean;
}

// aria-disabled while it works, and not disabled: a disabled button loses the focus.
export function Button({look, size, icon, busy, className = '', children, onClick, type = 'button',
                        ...rest}: ButtonProps) {
    return (
        <button type={type} className={buttonClass(look, size) + ' ' + className}
                aria-disabled={busy || undefined}
                onClick={busy ? (event) => event.preventDefault() : onClick} {...rest}>
            {icon && <Icon name={icon}/>}
            {children}
        </button>
    );
}

export function IconButton({label, icon, className = '', ...rest}:
        {label: string; icon: IconName} & ComponentProps<'button'>) {
    return (
        <button type="button" aria-label={label} title={label} {...rest}
                className={'inline-flex size-8 items-center justify-center rounded-lg text-quiet ' +
                    'hover:bg-hover hover:text-ink data-popup-open:bg-hover ' + className}>
            <Icon name={icon} className="size-[1.125rem]"/>
        </button>
    );
}

export function LinkButton({href, look, size, icon, children, className = ''}:
        {href: string; look?: Look; size?: Size; icon?: IconName; children: ReactNode;
         className?: string}) {
    return (
        <Link href={href} className={buttonClass(look, size) + ' ' + className}>
            {icon && <Icon name={icon}/>}
            {children}
        </Link>
    );
}
