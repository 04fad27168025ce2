// Where this telephone's hub is: at the root, or, for the demo's second telephone, below a folder
// of its own, so that one browser can hold two telephones.

export const ROOT: string = globalThis.location?.pathname.match(/^(\/demo\/\d+)\/h$/)?.[1] ?? "";
