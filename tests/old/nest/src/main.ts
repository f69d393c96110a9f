import "reflect-metadata";
import type { AddressInfo } from "node:net";
import { NestFactory } from "@nestjs/core";
import { getConnectionToken } from "@nestjs/mongoose";
import type { NestExpressApplication } from "@nestjs/platform-express";
import type { Connection } from "mongoose";
import { AppModule } from "./app.module.js";

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ["error", "fatal"] });
// Some notes have several MB.
app.useBodyParser("json", { limit: "16mb" });

// Over dirty data the unique index cannot be built; the old backend ran on without it.
const { models } = app.get<Connection>(getConnectionToken());
await Promise.allSettled(Object.values(models).map((model) => model.init()));

process.once("SIGTERM", () => void app.close());
await app.listen(Number(process.env.PORT ?? 0), "127.0.0.1");
const { port } = app.getHttpServer().address() as AddressInfo;
console.log(`listening on ${port}`);
