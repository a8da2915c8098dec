import { z } from 'zod';

/** JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const prefix = '#/components/schemas/';

/** Reference to a schema that was given an `id`. */
export function ref(schema: z.ZodType): { readonly $ref: string } {
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) {
    throw new Error('a schema of an answer or a body needs an id');
  }
  return { $ref: prefix + id };
}

/** Every schema that has an `id`, by it. */
export function componentSchemas(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(z.globalRegistry, {
    uri: (id) => prefix + id,
    io: 'input',
    unrepresentable: 'any',
  });
  return Object.fromEntries(
    Object.entries(schemas)
      .map(([id, schema]): [string, JsonSchema] => [id, withoutIdentity(schema as JsonSchema)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The properties of an object schema, for parameters. */
export function propertiesOf(schema: z.ZodType): [name: string, schema: JsonSchema, required: boolean][] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, one]) => [name, one as JsonSchema, required.includes(name)]);
}

function withoutIdentity({ $id: _id, id: _name, $schema: _schema, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
