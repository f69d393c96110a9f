import { NotFoundException } from "@nestjs/common";

export function found<T>(document: T, name: string): NonNullable<T> {
  if (!document) {
    throw new NotFoundException(`${name} not found`);
  }
  return document;
}
