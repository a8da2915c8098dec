import { describe, expect, test } from '@jest/globals';
import { countsIn, growth } from './api-requests.ts';

const METRICS = `# HELP apiserver_flowcontrol_dispatched_requests_total [BETA] Number of requests
# TYPE apiserver_flowcontrol_dispatched_requests_total counter
apiserver_flowcontrol_dispatched_requests_total{flow_schema="bench-worker",priority_level="exempt"} 12
apiserver_flowcontrol_dispatched_requests_total{flow_schema="exempt",priority_level="exempt"} 1.5e+03
apiserver_request_total{code="200",component="apiserver",dry_run="",group="argoproj.io",resource="rollouts",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} 3
apiserver_request_total{code="409",component="apiserver",dry_run="",group="argoproj.io",resource="rollouts",scope="resource",subresource="status",verb="PATCH",version="v1alpha1"} 1
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="pods",scope="cluster",subresource="",verb="WATCH",version="v1"} 7
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="pods",scope="resource",subresource="",verb="POST",version="v1"} 2
`;

describe("the API server's metrics", () => {
  test('given requests of several clients, then they are counted by FlowSchema', () => {
    expect(Object.fromEntries(countsIn(METRICS).bySchema)).toEqual({ 'bench-worker': 12, exempt: 1_500 });
  });

  test('given answers of all kinds, then they are counted by verb and resource, and watches are not', () => {
    expect(Object.fromEntries(countsIn(METRICS).byKind)).toEqual({ 'PATCH rollouts/status': 4, 'POST pods': 2 });
  });

  test('given counts before and after, then what has grown is left', () => {
    const [before, after] = [new Map([['a', 1]]), new Map(Object.entries({ a: 1, b: 2, c: 0 }))];
    expect(Object.fromEntries(growth(before, after))).toEqual({ b: 2 });
  });
});
