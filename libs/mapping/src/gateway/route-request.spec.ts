import { describe, expect, test } from '@jest/globals';
import { host, mapping, withoutHost } from '../testing/mappings.ts';
import type { Mapping } from '../types.ts';
import { modelGateway, routeRequest, type GatewayRequest, type Host } from './index.ts';

function answers(mappings: readonly Mapping[], request: Partial<GatewayRequest> = {}, random = 0, hosts?: Host[]) {
  const whole = { method: 'GET', host: 'a.example', path: '/app/x', headers: {}, query: {}, ...request };
  return routeRequest(modelGateway({ mappings, ...(hosts && { hosts }) }), whole, random)?.mapping.metadata.name;
}

describe('a request is answered', () => {
  test.each<[boolean, string, object, Partial<GatewayRequest>]>([
    [true, 'by prefix', {}, {}],
    [true, 'by a prefix that is the whole path', {}, { path: '/app' }],
    [true, 'by a prefix that ends within a name', {}, { path: '/apple' }],
    [false, 'not by a prefix that is elsewhere', {}, { path: '/x/app' }],
    [false, 'not in another case', {}, { path: '/APP' }],
    [true, 'in another case when case does not matter', { case_sensitive: false }, { path: '/APP/x' }],
    [true, 'by an exact path', { prefix_exact: true }, { path: '/app' }],
    [false, 'not by an exact path that only begins so', { prefix_exact: true }, { path: '/app/x' }],
    [true, 'by a regular expression', { prefix: '/a.*/x', prefix_regex: true }, {}],
    [false, 'not by a regular expression for a part of the path', { prefix: '/a', prefix_regex: true }, {}],
    [true, 'by a regular expression with a named group', { prefix: '/(?P<n>\\w+)/x', prefix_regex: true }, {}],
    [true, 'by a regular expression with flags', { prefix: '(?i)/APP/x', prefix_regex: true }, {}],
    [false, 'not by what is no regular expression', { prefix: '/app/(', prefix_regex: true }, { path: '/app/(' }],
    [true, 'by method', { method: 'POST' }, { method: 'POST' }],
    [false, 'not with another method', { method: 'POST' }, {}],
    [true, 'by a regular expression for the method', { method: 'GET|HEAD', method_regex: true }, {}],
    [true, 'by hostname', { hostname: 'a.example' }, {}],
    [true, 'by hostname, whatever port and case', { hostname: 'A.example' }, { host: 'a.EXAMPLE:8080' }],
    [false, 'not for another hostname', { hostname: 'b.example' }, {}],
    [true, 'by the end of the hostname', { hostname: '*.example' }, {}],
    [true, 'by the beginning of the hostname', { hostname: 'a.*' }, {}],
    [false, 'not with another end', { hostname: '*.other' }, {}],
    [true, 'by a regular expression for the host', { hostname: undefined, host: '[ab].example', host_regex: true }, {}],
    [false, 'not by another one', { hostname: undefined, host: '[bc].example', host_regex: true }, {}],
    [true, 'by the header :authority', { hostname: undefined, headers: { ':authority': 'a.example' } }, {}],
    [true, 'by a header', { headers: { 'X-Canary': 'always' } }, { headers: { 'x-canary': 'always' } }],
    [false, 'not with another value of it', { headers: { 'X-Canary': 'always' } }, { headers: { 'x-canary': 'no' } }],
    [false, 'not without it', { headers: { 'X-Canary': 'always' } }, {}],
    [true, 'by a header that is there', { headers: { 'x-canary': true } }, { headers: { 'x-canary': '' } }],
    [true, 'by a header of two values', { headers: { v: '1,2' } }, { headers: { v: ['1', '2'] } }],
    [true, 'by a regular expression for a header', { regex_headers: { v: '\\d+' } }, { headers: { v: '12' } }],
    [false, 'not by one for a part of it', { regex_headers: { v: '\\d' } }, { headers: { v: '12' } }],
    [true, 'by a query parameter', { query_parameters: { v: '2' } }, { query: { v: '2' } }],
    [false, 'not with another value of it', { query_parameters: { v: '2' } }, { query: { v: '3' } }],
    [true, 'by a regular expression for a parameter', { regex_query_parameters: { v: '\\d' } }, { query: { v: '3' } }],
    [false, 'not without the parameter', { regex_query_parameters: { v: '.*' } }, {}],
  ])('%p: %s', (isAnswered, _name, spec, request) => {
    expect(answers([mapping('app', spec)], request)).toBe(isAnswered ? 'app' : undefined);
  });
});

describe('of several groups the first answers, which is', () => {
  test.each<[string, object, object]>([
    ['the longer prefix', { prefix: '/app/' }, {}],
    ['higher precedence, also of a shorter prefix', { prefix: '/', precedence: 1 }, {}],
    ['lower precedence last', {}, { prefix: '/app/x', precedence: -1 }],
    ['the longer header match', { headers: { 'x-canary': 'always' } }, { headers: { 'x-canary': true } }],
    ['any header match before none', { headers: { 'x-canary': 'always' } }, {}],
    ['a hostname before all', { hostname: 'a.example' }, {}],
    ['a method before any', { method: 'GET' }, {}],
    ['the longer query match', { query_parameters: { v: '2', w: '3' } }, { query_parameters: { v: '2' } }],
  ])('%s', (_name, first, second) => {
    const request = { headers: { 'x-canary': 'always', v: '2' }, query: { v: '2', w: '3' } };
    expect(answers([mapping('first', first), mapping('second', second)], request)).toBe('first');
    expect(answers([mapping('x-first', first), mapping('a-second', second)], request)).toBe('x-first');
  });

  test('the header canary only for requests with the header', () => {
    const mappings = [mapping('app'), mapping('app0-canary', { headers: { 'x-canary': 'always' } })];
    expect(answers(mappings, { headers: { 'x-canary': 'always' } }, 99)).toBe('app0-canary');
    expect(answers(mappings, {}, 0)).toBe('app');
  });
});

describe('of the routes of a group the random number chooses', () => {
  const both = [mapping('app'), mapping('app0-canary', { weight: 30 })];

  test.each([
    [0, 'app0-canary'],
    [29, 'app0-canary'],
    [30, 'app'],
    [99, 'app'],
  ])('%p: %s', (random, expected) => {
    expect(answers(both, {}, random)).toBe(expected);
  });

  test('no canary at weight 0, and always at weight 100', () => {
    expect(answers([mapping('app'), mapping('app0-canary', { weight: 0 })], {}, 0)).toBe('app');
    expect(answers([mapping('app'), mapping('app0-canary', { weight: 100 })], {}, 99)).toBe('app0-canary');
  });

  test('stable 70 + canary 20: the rest goes to the next less specific route, or nowhere', () => {
    const weighted = [mapping('app', { weight: 70 }), mapping('app-canary', { weight: 20 })];
    expect(answers(weighted, {}, 89)).toBe('app');
    expect(answers(weighted, {}, 90)).toBeUndefined();
    expect(answers([...weighted, mapping('all', { prefix: '/' })], {}, 90)).toBe('all');
  });

  test('weight 101: 404 for all requests of the prefix', () => {
    expect(answers([mapping('app'), mapping('app0-canary', { weight: 101 })], {}, 0)).toBeUndefined();
  });

  test('a shadow answers nothing', () => {
    expect(answers([mapping('mirror', { shadow: true })])).toBeUndefined();
  });

  test('a source of random numbers is asked once', () => {
    let asked = 0;
    const groups = modelGateway({ mappings: [mapping('x', { weight: 1 }), mapping('y', { weight: 1 }), ...both] });
    const request = { method: 'GET', host: 'a', path: '/app', headers: {}, query: {} };
    routeRequest(groups, request, () => asked++);
    expect(asked).toBe(1);
  });
});

describe('the Host that fits best has the request', () => {
  const hosts = [host('*'), host('*.example'), host('*.a.example'), host('a.*'), host('a.example')];
  const one = (hostname: string): Mapping => mapping(hostname, { hostname, prefix: '/' });

  test.each([
    ['a.example', 'a.example'],
    ['x.a.example', '*.a.example'],
    ['b.example', '*.example'],
    ['a.other', 'a.*'],
    ['other', '*'],
  ])('%s: %s', (asked, expected) => {
    const labelled = hosts.map(({ spec: { hostname = '' } }, index) => ({
      hosts: host(hostname, { host: String(index) }),
      mapping: withoutHost(hostname, { host: String(index) }, { prefix: '/' }),
    }));
    const found = answers(
      labelled.map((each) => each.mapping),
      { host: asked },
      0,
      labelled.map((each) => each.hosts),
    );
    expect(found).toBe(expected);
  });

  test('and no other: what it does not serve is not looked for elsewhere', () => {
    const mappings = [one('b.example'), withoutHost('all', { all: 'yes' }, { prefix: '/' })];
    const some = [host('*', { all: 'yes' }), host('a.example')];
    expect(answers(mappings, { host: 'a.example' }, 0, some)).toBeUndefined();
    expect(answers(mappings, { host: 'c.example' }, 0, some)).toBe('all');
  });

  test('none fits: nobody answers', () => {
    expect(answers([mapping('app')], { host: 'b.example' }, 0, [host('a.example')])).toBeUndefined();
  });
});
