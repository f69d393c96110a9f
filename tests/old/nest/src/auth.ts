import {
  BadRequestException,
  Body,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Injectable,
  Post,
  UnauthorizedException,
  UseGuards,
} from "@nestjs/common";
import { JwtService } from "@nestjs/jwt";
import { InjectModel } from "@nestjs/mongoose";
import bcrypt from "bcrypt";
import bcryptjs from "bcryptjs";
import type { Request } from "express";
import { type HydratedDocument, Model } from "mongoose";
import { User } from "./schemas.js";

const ROUNDS = 10;

type Caller = Request & { userId?: string };

function callerOf(context: ExecutionContext) {
  return context.switchToHttp().getRequest<Caller>();
}

/** Lets everybody pass, but nobody with a token that does not hold. */
@Injectable()
export class OptionalLogin implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext) {
    const caller = callerOf(context);
    const token = /^Bearer (.+)$/.exec(caller.headers.authorization ?? "")?.[1];
    if (token) {
      try {
        caller.userId = (await this.jwt.verifyAsync<{ sub: string }>(token)).sub;
      } catch {
        throw new UnauthorizedException();
      }
    }
    return true;
  }
}

@Injectable()
export class Login extends OptionalLogin {
  override async canActivate(context: ExecutionContext) {
    await super.canActivate(context);
    if (!callerOf(context).userId) {
      throw new UnauthorizedException();
    }
    return true;
  }
}

export const UserId = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(context).userId);

interface Registration {
  name: string;
  email: string;
  password: string;
  hash?: "bcrypt" | "bcryptjs";
}

@Controller("auth")
export class AuthController {
  constructor(
    @InjectModel(User.name) private readonly users: Model<User>,
    private readonly jwt: JwtService,
  ) {}

  @Post("register")
  async register(@Body() { name, email, password, hash }: Registration) {
    if (await this.users.findOne({ email })) {
      throw new BadRequestException("Email already exists");
    }
    const hasher = hash === "bcryptjs" ? bcryptjs : bcrypt;
    const user = await this.users.create({ name, email, password: await hasher.hash(password, ROUNDS) });
    return this.session(user);
  }

  @Post("login")
  async login(@Body() { email, password }: Registration) {
    const user = await this.users.findOne({ email });
    if (!user || !(await bcrypt.compare(password, user.password))) {
      throw new UnauthorizedException("Invalid credentials");
    }
    return this.session(user);
  }

  @Get("me")
  @UseGuards(Login)
  async me(@UserId() userId: string) {
    const user = await this.users.findById(userId).select("-password");
    if (!user) {
      throw new UnauthorizedException();
    }
    return user;
  }

  private async session(user: HydratedDocument<User>) {
    const { _id, name, email } = user;
    return { access_token: await this.jwt.signAsync({ sub: _id, email }), user: { _id, name, email } };
  }
}
