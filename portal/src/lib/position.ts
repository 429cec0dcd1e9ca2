// How far the log of events had come when the oldest of what is known here was read. From there the
// stream goes on, so that nothing falls between a reading and the stream's beginning.
interface Position {
    epoch: number;
    revision: number;
}

// After so long it is less to read everything anew than to hear all that has happened.
const kLongAgo = 60_000;

let position: Position | null = null;
let notedAt = 0;

export function noteAnswer(header: string | null) {
    const parts = /^(\d+)\.(\d+)$/.exec(header ?? '');
    if (!parts) return;
    const [epoch, revision] = [Number(parts[1]), Number(parts[2])];
    if (position && (position.epoch !== epoch || position.revision <= revision)) return;
    if (!position) notedAt = performance.now();
    position = {epoch, revision};
}

// The stream has said everything up to there.
export function noteHeard(epoch: number, revision: number) {
    position = {epoch, revision};
    notedAt = performance.now();
}

export function positionToGoOnFrom(): Position | null {
    return position && performance.now() - notedAt < kLongAgo ? position : null;
}

export function forgetPosition() {
    position = null;
}
