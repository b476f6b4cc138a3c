/** What the filters that ask who somebody is are told from outside the routes. Plain data: it travels to the processes of a router. */
export interface AuthSettings {
  /** How long a `webhook` may take to answer. */
  readonly webhookTimeoutMs: number;
  /** Whom `oauthTokeninfo…` asks; undefined: such filters cannot be built. */
  readonly tokeninfo: { readonly url: string; readonly timeoutMs: number } | undefined;
  readonly introspectionTimeoutMs: number;
  /** What is kept of answers about tokens: of how many (0: nothing), and how long at most an answer is believed without asking again. */
  readonly tokenCache: { readonly size: number; readonly ttlMs: number };
  /** For `secureOauthTokenintrospection…` that names none. */
  readonly introspectionClient: { readonly id: string; readonly secret: string };
  /** Where secrets may be read from: files, or folders of files. A route names none outside of them. */
  readonly credentialsPaths: readonly string[];
  /** For `oauthOidc…`; undefined: such filters cannot be built. */
  readonly oidc:
    | {
        /** Has the keys of cookies: one passphrase a line, the first encrypts. */
        readonly secretsFile: string;
        /** For filters that name no client. */
        readonly client: { readonly id: string; readonly secret: string };
        /** How long a session lives at most. */
        readonly sessionMs: number;
      }
    | undefined;
  /** For `oauthGrant` and its companions; undefined: such filters cannot be built. */
  readonly grant: GrantSettings | undefined;
}

/** A text, or the file that holds it and may change. */
export type TextOrFile = { readonly text: string } | { readonly file: string };

/** One authorization server (RFC 6749), at which all routes with `oauthGrant` log in. */
export interface GrantSettings {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** RFC 7009; undefined: at a logout the cookie is deleted, tokens are not taken back. */
  readonly revocationUrl: string | undefined;
  /** Says whether a token is good, and whose it is. */
  readonly tokeninfo: NonNullable<AuthSettings["tokeninfo"]>;
  readonly client: { readonly id: TextOrFile; readonly secret: TextOrFile };
  /** As that of `oidc`. */
  readonly secretsFile: string;
  /** Where the server sends browsers back to, at the host they came from. */
  readonly callbackPath: string;
  /** The one callback of all hosts, in place of it. */
  readonly callbackUrl: string | undefined;
  /** For the server's endpoints. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Field in which the back end gets the access token; undefined: it does not get it. */
  readonly accessTokenField: string | undefined;
  /** What of tokeninfo filters and back ends are told; empty: all. */
  readonly tokeninfoKeys: readonly string[];
  /** Where tokeninfo has who somebody is; empty: it is not asked for. */
  readonly subjectKey: string;
  readonly cookie: string;
  readonly removedSubdomains: number;
  /** For laptops: callbacks without TLS, and cookies that go there. */
  readonly isInsecure: boolean;
}

/** Bounds that are the same for everybody. docs/threat-model.md has each by its name. */
export const authLimits = Object.freeze({
  /** Authorities that are told apart in metrics, breakers and bounds. */
  authorities: 1_000,
  /** Questions to one authority under way. */
  asking: 1_000,
  /** Connections to one authority. */
  connections: 64,
  /** Of what is remembered of one kind, all together. */
  cacheBytes: 67_108_864,
  /** Of an answer that is read. */
  answerBytes: 1_048_576,
  /** Of an answer about one token. */
  tokenAnswerBytes: 65_536,
  /** Keys of one set. */
  keys: 100,
  /** Tokens whose signature is known to be good, and how long they are not checked again. */
  verifiedTokens: 10_000,
  verifiedMs: 60_000,
  /** How far a clock may be wrong. */
  clockSkewMs: 5_000,
  /** How long a request waits for an authority that is asked for the first time. */
  firstAnswerMs: 5_000,
  /** From one look at metadata and keys to the next. */
  refreshMs: 600_000,
  /** A key nobody has heard of makes the keys be looked at again, at most so often. */
  unknownKeyMs: 10_000,
  /** How long keys are believed that nobody confirms. */
  trustedMs: 604_800_000,
  /** A key that is missing from the set is still believed for so long, and until it was missing so often. */
  missingKeyMs: 900_000,
  missingKeyAnswers: 3,
  /** An authority nobody asks for is not looked at any more. */
  unusedMs: 3_600_000,
  /** How long a login may take. */
  loginMs: 600_000,
  /** Cookies that one session may be split into, and what one of them may weigh; together they must fit into a field line of a request. */
  sessionCookies: 3,
  cookieBytes: 3_800,
  /** Cookies of one name that are tried. */
  sameCookies: 4,
  /** Of a session when it is unpacked. */
  sessionBytes: 262_144,
  /** An access token that does not say how long it is good is refreshed after so long. */
  accessTokenMs: 3_600_000,
  /** Before its end by so much, or a tenth of its time, it is refreshed. */
  refreshAheadMs: 60_000,
  /** Refreshed tokens that are remembered, for requests that were sent with the old ones, and for how long; as long as one that failed is not tried again. */
  refreshes: 10_000,
  refreshedMs: 60_000,
  refreshPauseMs: 5_000,
  /** How long after the end of its access token a cookie with a refresh token is kept. */
  refreshTokenMs: 2_592_000_000,
  /** Files with secrets or passwords that are known at once. */
  files: 1_000,
  /** Of such a file. */
  fileBytes: 1_048_576,
  /** From one look at such a file to the next. */
  fileLookMs: 2_000,
  /** Passwords waiting to be checked. */
  passwords: 64,
  /** Of a bcrypt hash: each step doubles the time. */
  bcryptCost: 14,
  /** Passwords known to be right, as many known to be wrong, and for how long. */
  knownPasswords: 1_000,
  knownPasswordMs: 300_000,
});
