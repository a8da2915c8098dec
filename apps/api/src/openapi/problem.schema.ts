import { z } from 'zod';

export const problemSchema = z
  .looseObject({
    type: z.string().meta({ examples: ['urn:weir:problem:invalid-manifest'] }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong, and what to do' }),
    instance: z.string().meta({ description: 'Path of the request' }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'One entry a bad field or parameter' }),
    id: z.string().optional().meta({ description: 'Of a 5xx: the log has it too' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. Some problems have more members' });
