// Bearer tokens of the peer: JSON web tokens, as such servers have them.

import { createSecretKey } from "node:crypto";
import jwt from "jsonwebtoken";
import { settings } from "./settings.mjs";

// A key object: from a text the library would make one anew for every request, a fifth of the server's time.
const secret = createSecretKey(Buffer.from(settings.secret));

export const makeToken = (account) => jwt.sign({ sub: account }, secret, { algorithm: "HS256", expiresIn: "1h" });

// The account of a token; throws when it is none of ours.
export const accountOf = (token) => jwt.verify(token, secret, { algorithms: ["HS256"] }).sub;
