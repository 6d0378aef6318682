export function playerChecks() { return []; }
