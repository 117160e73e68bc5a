// An OpenID provider that we did not write (`oidc-provider`, the engine that FranceConnect itself runs
// on), set up with FranceConnect's addresses, formats and lifetimes, and with its closed list of
// parameters in front.

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

import { people } from './people.js';

const BASE = '/api/v2';
const ACCEPTED = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state', 'nonce', 'acr_values'];
const OPTIONAL = ['prompt', 'claims', 'idp_hint', 'ui_locales'];
const ENTITY = randomBytes(32).toString('hex');

const PIVOT = [
  'given_name', 'given_name_array', 'family_name', 'birthdate', 'gender', 'birthplace', 'birthcountry',
];

function keys() {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const turn = randomBytes(4).toString('hex');
  return {
    keys: [
      { ...ec, use: 'sig', alg: 'ES256', kid: `pkcs11:ES256:hsm-${turn}` },
      { ...rsa, use: 'sig', alg: 'RS256', kid: `pkcs11:RS256:hsm-${turn}` },
    ],
  };
}

// The subject as FranceConnect computes it: one for each pair of a person and a client.
function subject(accountId, client) {
  const digest = createHash('sha256').update(ENTITY + accountId + client.clientId).digest('hex');
  return `${digest}v1`;
}

function configuration(clients) {
  return {
    clients,
    jwks: keys(),
    scopes: ['openid'],
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (ctx, accountId, client) => subject(accountId, client),
    acrValues: ['eidas1'],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_post'],
    enabledJWA: {
      idTokenSigningAlgValues: ['ES256', 'RS256'],
      userinfoSigningAlgValues: ['ES256', 'RS256'],
    },
    claims: {
      openid: ['sub'],
      identite_pivot: PIVOT,
      preferred_username: ['preferred_username'],
      email: ['email'],
      idp_birthdate: ['idp_birthdate'],
      acr: null, auth_time: null, iss: null, sid: null, amr: null,
    },
    routes: {
      authorization: '/authorize',
      end_session: '/session/end',
      jwks: '/jwks',
      revocation: '/token/revocation',
      token: '/token',
      userinfo: '/userinfo',
    },
    ttl: {
      AuthorizationCode: 30, AccessToken: 60, IdToken: 60, Grant: 1800, Interaction: 1800, Session: 1800,
    },
    pkce: { required: () => false },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: {
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource },
      userinfo: { enabled: true },
    },
    interactions: { url: (ctx, interaction) => `${BASE}/interaction/${interaction.uid}` },
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => {
        const { login, ...claims } = people.find((person) => person.login === id);
        return { sub: id, ...claims };
      },
    }),
  };
}

function logoutSource(ctx, form) {
  ctx.body = `<!doctype html><title>Déconnexion</title>${form}`;
}

/** Listens, and answers who may be asked. */
export async function start(port, clients) {
  const issuer = `http://localhost:${port}${BASE}`;
  const world = { issuer, asked: [] };
  const open = () => {
    world.provider = new Provider(issuer, configuration(clients));
    world.provider.on('server_error', (ctx, error) => console.error(error));
    world.callback = world.provider.callback();
  };
  world.rotate = open;
  open();
  const server = createServer((request, response) => {
    answer(world, request, response).catch((error) => {
      console.error(error);
      response.writeHead(500).end();
    });
  });
  await new Promise((resolve) => server.listen(port, 'localhost', resolve));
  world.stop = () => server.close();
  return world;
}

async function answer(world, request, response) {
  const url = new URL(request.url, world.issuer);
  world.asked.push(`${request.method} ${url.pathname}`);
  if (!url.pathname.startsWith(BASE)) return page(response, 404, 'Y000404');
  const path = url.pathname.slice(BASE.length);
  if (path === '/authorize' && !isAccepted(url.searchParams)) return page(response, 400, 'Y030007');
  const [, uid] = /^\/interaction\/([\w-]+)$/.exec(path) ?? [];
  // As Express does for what it mounts: the provider learns its own prefix from the difference.
  request.originalUrl = request.url;
  request.url = request.url.slice(BASE.length);
  if (uid === undefined) return world.callback(request, response);
  return interact(world, request, response);
}

// Unknown parameter, missing one, short nonce: 400 and a page, never a redirect.
function isAccepted(query) {
  const names = [...query.keys()];
  const known = names.every((name) => ACCEPTED.includes(name) || OPTIONAL.includes(name));
  const complete = ACCEPTED.every((name) => (query.get(name) ?? '') !== '');
  return known && complete && query.get('nonce').length >= 22;
}

function page(response, status, text) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><p>${text}`);
}

// Who are you? And back to the service, with or without an answer.
async function interact(world, request, response) {
  const { provider } = world;
  const { params } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') return page(response, 200, '<form method="post"><input name="identifiant">');
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  if (form.has('revenir')) {
    const refusal = { error: 'access_denied', error_description: 'User auth aborted' };
    return provider.interactionFinished(request, response, refusal);
  }
  const accountId = form.get('identifiant');
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = {
    login: { accountId, acr: 'eidas1', amr: ['fc', 'pwd'] },
    consent: { grantId: await grant.save() },
  };
  return provider.interactionFinished(request, response, result);
}
