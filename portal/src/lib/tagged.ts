// What is read to be changed, with the tag that the change names: two people who edit the same do
// not overwrite each other unseen.
import {useQuery} from '@tanstack/react-query';
import {useState} from 'react';
import {call} from './api';

export interface Tagged<T> {
    body: T;
    etag: string;
}

export function useTagged<T>(key: string, path: string) {
    return useQuery({
        queryKey: [key, 'tagged', path],
        queryFn: async (): Promise<Tagged<T>> => {
            const {body, etag} = await call<T>('GET', path);
            return {body, etag};
        },
    });
}

export interface Draft<T, F> {
    base: T; // what was read when the change began
    fields: F;
    change: (changes: Partial<F>) => void;
    isChanged: boolean;
    isOld: boolean; // somebody else has changed it meanwhile
    etag: string;
    reset: () => void;
}

// What stands in the fields. While nobody has typed, it follows the server.
export function useDraft<T, F extends object>(stored: Tagged<T>, fieldsOf: (body: T) => F): Draft<T, F> {
    const [base, setBase] = useState(stored);
    const [fields, setFields] = useState(() => fieldsOf(stored.body));
    const isChanged = JSON.stringify(fields) !== JSON.stringify(fieldsOf(base.body));
    const reset = () => {
        setBase(stored);
        setFields(fieldsOf(stored.body));
    };
    if (base.etag !== stored.etag && !isChanged) reset();
    return {
        base: base.body, fields, isChanged, reset, etag: base.etag, isOld: base.etag !== stored.etag,
        change: (changes) => setFields((before) => ({...before, ...changes})),
    };
}
