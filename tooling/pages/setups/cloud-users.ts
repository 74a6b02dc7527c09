// Ids of users.
export declare const ann: string;
export declare const bob: string;
export declare const eve: string;
