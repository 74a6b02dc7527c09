// What an app knows of its project on Supabase, and of its users.
export declare const url: string;
export declare const publishableKey: string;
export declare const email: string;
export declare const password: string;
export declare const userId: string;
