// Which rows of a long list are near the screen. Thousands of rows then cost what a hundred do.
import {type RefObject, useEffect, useState} from 'react';

const kSpare = 20;

export interface Slice {
    start: number;
    end: number;
}

export function useWindowed(body: RefObject<HTMLElement | null>, count: number, rowHeight: number,
                            isOn: boolean): Slice {
    const [slice, setSlice] = useState<Slice>({start: 0, end: 60});
    useEffect(() => {
        if (!isOn) return;
        let frame = 0;
        const update = () => {
            frame = 0;
            const top = -(body.current?.getBoundingClientRect().top ?? 0);
            const start = Math.max(0, Math.floor(top / rowHeight) - kSpare);
            const end = Math.ceil((top + innerHeight) / rowHeight) + kSpare;
            setSlice((before) => before.start === start && before.end === end ? before : {start, end});
        };
        const listener = () => {
            frame ||= requestAnimationFrame(update);
        };
        update();
        addEventListener('scroll', listener, {passive: true});
        addEventListener('resize', listener);
        return () => {
            cancelAnimationFrame(frame);
            removeEventListener('scroll', listener);
            removeEventListener('resize', listener);
        };
    }, [body, rowHeight, isOn, count]);
    return isOn ? {start: Math.min(slice.start, count), end: Math.min(Math.max(slice.end, 0), count)} : {start: 0, end: count};
}
